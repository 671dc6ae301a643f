"""Takes a customer out of what is kept of a tenant: see docs/erasure.md."""
