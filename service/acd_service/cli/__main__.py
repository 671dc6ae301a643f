"""`python -m acd_service.cli`, the same as `acd`."""

from acd_service.cli import main

main()
