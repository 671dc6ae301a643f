"""How far the journal reached, kept in a second file: so that a journal that has lost its end is told from a whole one.

After each commit the mark of each tenant concerned is set in a file that is mapped into memory: no system call, no wait
for the disk. A killed process loses nothing of it. After a power cut it may be older than the journal, and never newer
while the journal is written with `synchronous=FULL`, since a mark is set only after its commit is on the disk.

The file is the magic and then a slot for each chain: two halves of 64 bytes, written in turn, each with a checksum; a
half that was torn leaves the other.
"""

import contextlib
import hashlib
import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from acd_service.chain import Head

MAGIC: Final = b"ACDMARK\x01".ljust(64, b"\0")
_HALF: Final = struct.Struct("<16sqqq16s")
"""Whose it is, the number of the link, the last command and event, how the link's hash begins."""
_HALF_BYTES: Final = 64
_SLOT_BYTES: Final = 2 * _HALF_BYTES
_SLOTS_AT_ONCE: Final = 64
_CRC: Final = struct.Struct("<I")


class Mark(NamedTuple):
    number: int
    last_seq: int
    last_event_seq: int
    hash_start: bytes


class HighWater:
    """The file, mapped for writing. Used by the one writer of the journal."""

    def __init__(self, descriptor: int, size: int, marks: dict[bytes, tuple[int, Mark]]) -> None:
        self._descriptor = descriptor
        self._map = mmap.mmap(descriptor, size)
        self._slots = {owner: place for owner, (place, _) in marks.items()}
        used = set(self._slots.values())
        self._free = [place for place in _places(size) if place not in used][::-1]
        self._owners: dict[str, bytes] = {}

    @classmethod
    def open(cls, path: Path) -> Self:
        """The file of that name, made if there is none, or anew if it is no such file.

        Raises:
            OSError: the disk has no room for it, or does not let it be written.
        """
        marks = _read(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if marks is None or size % _SLOT_BYTES != len(MAGIC):
                os.ftruncate(descriptor, 0)
                marks, size = {}, len(MAGIC)
                os.pwrite(descriptor, MAGIC, 0)
            if size == len(MAGIC):
                size = _extend(descriptor, size)
            return cls(descriptor, size, marks)
        except BaseException:
            os.close(descriptor)
            raise

    def set(self, chain: str, head: Head) -> None:
        """Say that a chain reaches this far, when it does so durably.

        Raises:
            OSError: there is no room for another chain.
        """
        owner = self._owners.get(chain)
        if owner is None:
            owner = self._owners[chain] = owner_of(chain)
        place = self._slots.get(owner)
        if place is None:
            place = self._slots[owner] = self._take_slot()
        half = _HALF.pack(owner, head.number, head.last_seq, head.last_event_seq, head.hash[:16])
        at = place + _HALF_BYTES * (head.number & 1)
        self._map[at : at + _CRC.size + _HALF.size] = _CRC.pack(zlib.crc32(half)) + half

    def reset(self, chain: str, head: Head | None) -> None:
        """Forget what was said of a chain; then say that it reaches this far, or nothing."""
        place = self._slots.pop(owner_of(chain), None)
        if place is not None:
            self._map[place : place + _SLOT_BYTES] = bytes(_SLOT_BYTES)
            self._free.append(place)
        if head is not None:
            self.set(chain, head)

    def keep_only(self, chains: Iterable[str]) -> None:
        """Forget what was said of all others."""
        kept = {owner_of(chain) for chain in chains}
        for owner in [owner for owner in self._slots if owner not in kept]:
            place = self._slots.pop(owner)
            self._map[place : place + _SLOT_BYTES] = bytes(_SLOT_BYTES)
            self._free.append(place)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._map.flush()
        self._map.close()
        os.close(self._descriptor)

    def _take_slot(self) -> int:
        if not self._free:
            size = len(self._map)
            larger = _extend(self._descriptor, size)
            self._map.resize(larger)
            self._free = [place for place in _places(larger) if place >= size][::-1]
        return self._free.pop()


def read_marks(path: Path) -> dict[bytes, Mark] | None:
    """The marks by their `owner_of`; None if there is no file of marks that can be read."""
    marks = _read(path)
    return None if marks is None else {owner: mark for owner, (_, mark) in marks.items()}


def damage(path: Path) -> str:
    """What is wrong with a file of marks, empty if nothing is: a mark that is lost cannot tell that an end was lost."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ""
    if content[: len(MAGIC)] != MAGIC:
        return f"{path} is no file of high-water marks"
    if len(content) % _SLOT_BYTES != len(MAGIC) % _SLOT_BYTES:
        return f"{path} is cut short: {len(content)} bytes"
    for place in _places(len(content)):
        for at in (place, place + _HALF_BYTES):
            half = content[at : at + _HALF_BYTES]
            if any(half[: _CRC.size + _HALF.size]) and _content_of(half) is None:
                return f"{path} is damaged: the mark at byte {at} is not what was written"
    return ""


def owner_of(chain: str) -> bytes:
    """What stands for the name of a chain in the file."""
    return hashlib.sha256(chain.encode()).digest()[:16]


def _read(path: Path) -> dict[bytes, tuple[int, Mark]] | None:
    """By owner: the place of the slot, and the later of its halves that is whole."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if content[: len(MAGIC)] != MAGIC:
        return None
    found: dict[bytes, tuple[int, Mark]] = {}
    for place in _places(len(content)):
        for at in (place, place + _HALF_BYTES):
            half = _content_of(content[at : at + _HALF_BYTES])
            if half is None:
                continue
            owner, *rest = half
            mark = Mark(*rest)
            if owner not in found or mark.number > found[owner][1].number:
                found[owner] = (place, mark)
    return found


def _content_of(half: bytes) -> tuple[Any, ...] | None:
    """The fields of a half that is whole; None of one that is empty, or is not what was written."""
    checked = half[_CRC.size : _CRC.size + _HALF.size]
    if half[: _CRC.size] != _CRC.pack(zlib.crc32(checked)):
        return None
    fields = _HALF.unpack(checked)
    return None if fields[0] == bytes(16) else fields


def _places(size: int) -> range:
    return range(len(MAGIC), size - _SLOT_BYTES + 1, _SLOT_BYTES)


def _extend(descriptor: int, size: int) -> int:
    """Room that is really there: a disk found full in a mapping would kill the process."""
    larger = size + _SLOTS_AT_ONCE * _SLOT_BYTES
    os.posix_fallocate(descriptor, size, larger - size)
    return larger
