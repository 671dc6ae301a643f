"""Puts the tests folder on the path, for the modules of `long_life`, `verification` and `faults`."""

import sys
from pathlib import Path

_TESTS = str(Path(__file__).resolve().parents[1])
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)
