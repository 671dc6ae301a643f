"""The service on a disk that loses, when the process dies, whatever was not synced: SIGKILL is a power cut here.

Writes are kept in memory until SQLite asks for a sync; only then do they reach the file. Killing the process throws
the rest away, as a disk's cache would. Takes the arguments of `acd_service.server`; the configuration file names the
file layer: `journal_vfs: power-cut`.
"""

import os
import sys
from pathlib import Path

import apsw

from acd_service import server

NAME = "power-cut"
DISK_IS_FULL = Path(os.environ.get("ACD_TEST_DISK_IS_FULL", "/nonexistent"))
"""While this file is there, every write fails."""


class _Image:
    """A file as its writers see it, and the changes that are not on disk yet."""

    def __init__(self, path: Path) -> None:
        self.content = bytearray(path.read_bytes()) if path.exists() else bytearray()
        self.unsynced: list[tuple[int, bytes | None]] = []

    def write(self, data: bytes, offset: int) -> None:
        if len(self.content) < offset:
            self.content.extend(bytes(offset - len(self.content)))
        self.content[offset : offset + len(data)] = data
        self.unsynced.append((offset, bytes(data)))

    def truncate(self, size: int) -> None:
        del self.content[size:]
        self.unsynced.append((size, None))


class PowerCutVfs(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(NAME, "unix")
        self._images: dict[str, _Image] = {}

    def xOpen(self, name, flags):
        if name is None:
            return super().xOpen(name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path not in self._images:
            self._images[path] = _Image(Path(path))
        return _File(name, flags, self._images[path])

    def xDelete(self, filename, syncdir):
        self._images.pop(filename, None)
        return super().xDelete(filename, syncdir)


class _File(apsw.VFSFile):
    def __init__(self, name, flags, image: _Image) -> None:
        super().__init__("unix", name, flags)
        self._image = image

    def xRead(self, amount, offset):
        return bytes(self._image.content[offset : offset + amount])

    def xWrite(self, data, offset):
        if DISK_IS_FULL.exists():
            raise apsw.FullError("no space left")
        self._image.write(data, offset)

    def xTruncate(self, newsize):
        self._image.truncate(newsize)

    def xFileSize(self):
        return len(self._image.content)

    def xSync(self, flags):
        changes, self._image.unsynced = self._image.unsynced, []
        for offset, data in changes:
            if data is None:
                super().xTruncate(offset)
            else:
                super().xWrite(data, offset)


if __name__ == "__main__":
    vfs = PowerCutVfs()
    sys.exit(server.main())
