"""Makes the C constants of types.pxd visible to the test that holds them equal to `acd_core.enums`."""
