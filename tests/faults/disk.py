"""A disk for SQLite that does what disks do: forgets what was not synced, writes in part, is full, cannot read.

One virtual file system is registered for the process; its files lie in memory, on whichever `Disk` is in at the time.
Locks and the index of the write-ahead log are the real ones, beside an empty file of the same name.
"""

import os
import random
from pathlib import Path

import apsw

NAME = "simulated-disk"
SECTOR_BYTES = 512
"""What is written whole or not at all."""


class _Image:
    """A file: as its writers see it, and what of it is sure to be there after a power cut."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = bytearray(content)
        self.durable = bytearray(content)
        self.unsynced: list[tuple[int, bytes | None]] = []

    def write(self, offset: int, data: bytes | None) -> None:
        _apply(self.content, offset, data)
        self.unsynced.append((offset, data))

    def sync(self) -> None:
        for offset, data in self.unsynced:
            _apply(self.durable, offset, data)
        self.unsynced.clear()

    def after_power_cut(self, draw: random.Random) -> "_Image":
        """Of what was not synced some is there, in parts; some is not."""
        content = bytearray(self.durable)
        keep = draw.choice((0.0, 0.5, 0.9, 1.0))
        for offset, data in self.unsynced:
            if data is None:
                if draw.random() < keep:
                    _apply(content, offset, None)
                continue
            for start in range(0, len(data), SECTOR_BYTES):
                if draw.random() < keep:
                    _apply(content, offset + start, data[start : start + SECTOR_BYTES])
        return _Image(bytes(content))


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk:
    """Attributes:
    is_full: writes fail.
    read_errors, write_errors: how likely a read, or a write or sync, is to fail.
    dies_at: the number of the operation at which the process is killed, in the middle of it.
    """

    def __init__(self, draw: random.Random, images: dict[str, _Image] | None = None) -> None:
        self.images = images or {}
        self.is_full = False
        self.read_errors = self.write_errors = 0.0
        self.dies_at: int | None = None
        self.operations = 0
        self.dead = False
        self.failed = 0
        """Operations that were made to fail."""
        self.draw = draw

    def insert(self) -> None:
        """From now on files are opened on this disk."""
        _vfs.disk = self

    def begin(self, *, reads: bool) -> None:
        """Before each operation: see whether it may go on."""
        self.operations += 1
        if self.operations == self.dies_at:
            self.dead = True
        if self.dead:
            raise apsw.IOError("the process is dead")
        rate = self.read_errors if reads else self.write_errors
        if rate and self.draw.random() < rate:
            self.failed += 1
            raise apsw.IOError("the disk does not answer")

    def after_kill(self) -> "Disk":
        """What the next process finds: all that was written, synced or not."""
        self.dead = True
        return Disk(self.draw, self.images)

    def after_power_cut(self) -> "Disk":
        """What the next process finds when the power is back."""
        self.dead = True
        return Disk(self.draw, {name: image.after_power_cut(self.draw) for name, image in self.images.items()})


class _SimulatedVfs(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(NAME, "unix")
        self.disk = Disk(random.Random(0))

    def xOpen(self, name, flags):
        if name is None:
            return super().xOpen(name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.disk.begin(reads=True)
        if not flags[0] & apsw.SQLITE_OPEN_CREATE and os.path.basename(path) not in self.disk.images:
            raise apsw.CantOpenError(path)
        Path(path).touch()
        return _File(name, flags, self.disk, self.disk.images.setdefault(os.path.basename(path), _Image()))

    def xAccess(self, pathname, flags):
        return len(self.disk.images.get(os.path.basename(pathname), _Image()).content) > 0

    def xDelete(self, filename, syncdir):
        self.disk.begin(reads=False)
        self.disk.images.pop(os.path.basename(filename), None)


class _File(apsw.VFSFile):
    def __init__(self, name, flags, disk: Disk, image: _Image) -> None:
        super().__init__("unix", name, flags)
        self._disk, self._image = disk, image

    def xRead(self, amount, offset):
        self._disk.begin(reads=True)
        return bytes(self._image.content[offset : offset + amount])

    def xWrite(self, data, offset):
        disk, data = self._disk, bytes(data)
        died = disk.dead
        try:
            disk.begin(reads=False)
            if disk.is_full:
                disk.failed += 1
                raise apsw.FullError("no space left")
        except apsw.Error:
            if not died:  # what is not written whole may be written in part
                sectors = disk.draw.randrange(len(data) // SECTOR_BYTES + 1)
                if sectors:
                    self._image.write(offset, data[: sectors * SECTOR_BYTES])
            raise
        self._image.write(offset, data)

    def xTruncate(self, newsize):
        self._disk.begin(reads=False)
        self._image.write(newsize, None)

    def xFileSize(self):
        return len(self._image.content)

    def xSync(self, flags):
        self._disk.begin(reads=False)
        self._image.sync()


_vfs = _SimulatedVfs()
