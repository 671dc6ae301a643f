"""Puts the repository on the path, for the modules of `bench`; last, so that a debug build's modules stay in front."""

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[2])
if _ROOT not in sys.path:
    sys.path.append(_ROOT)
