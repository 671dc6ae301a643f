"""Puts the repository and the tests folder on the path, for the modules of `figures` and of `verification`."""

import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
for _folder in (str(_TESTS.parent), str(_TESTS)):
    if _folder not in sys.path:
        sys.path.insert(0, _folder)
