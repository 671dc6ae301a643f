"""A file that is read again when it changes."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

_log = logging.getLogger(__name__)
T = TypeVar("T")
_Signature = tuple[int, int, int]


class WatchedFile(Generic[T]):
    """What a file says, as of the last time that it could be used.

    A change that cannot be used (a file that is gone, half written, wrong) is logged as an error and changes nothing:
    nobody is locked out by a slip, and nobody is let in by one.

    Args:
        parse: makes the value of the file's content and name; raises ValueError if it cannot.
        bytes_max: a larger file cannot be used.

    Raises:
        OSError, ValueError: it cannot be used at first.
    """

    def __init__(self, path: Path, parse: Callable[[bytes, str], T], bytes_max: int) -> None:
        self.path: Final = path
        self._parse = parse
        self._bytes_max = bytes_max
        self._signature = _signature_of(path)
        self.value = self._read()

    def is_stale(self) -> bool:
        """Whether the file looks other than when it was read last."""
        try:
            return _signature_of(self.path) != self._signature
        except OSError:
            return self._signature is not None

    def refresh(self) -> bool:
        """Read the file again if it changed; whether there is a new value."""
        if not self.is_stale():
            return False
        try:
            self._signature = _signature_of(self.path)
            self.value = self._read()
        except (OSError, ValueError) as error:
            if isinstance(error, OSError):
                self._signature = None
            _log.error("%s cannot be used; what it said before stays in force: %s", self.path, str(error))
            return False
        _log.warning("%s was read again", self.path)
        return True

    def _read(self) -> T:
        with self.path.open("rb") as file:
            content = file.read(self._bytes_max + 1)
        if len(content) > self._bytes_max:
            raise ValueError(f"{self.path}: more than the {self._bytes_max} bytes allowed")
        return self._parse(content, str(self.path))


def _signature_of(path: Path) -> _Signature | None:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino
