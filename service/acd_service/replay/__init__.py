"""A real call log routed again by the real engine (`acd replay`)."""
