"""The file of a tenant: a tar archive of a manifest and of what the manifest names, each part with its SHA-256.

The journal in it is a journal like any other, of this tenant alone, so that what reads, checks and upgrades journals
does so here too.
"""

import hashlib
import json
import re
import shutil
import tarfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from acd_core.snapshot import BEHAVIOUR_VERSION
from acd_service.journal import Extent

FILE_VERSION: Final = 1
_MANIFEST: Final = "manifest.json"
_MANIFEST_BYTES_MAX: Final = 2**20
_PART: Final = re.compile(
    r"journal\.sqlite|customers\.sqlite|figures\.sqlite|set_aside\.jsonl|snapshots/[A-Za-z0-9_.%-]+-[0-9]{20}\.snapshot"
)
_PIECE_BYTES: Final = 2**20


class BadTenantFile(ValueError):
    """A file that holds no tenant that can be taken in."""


class ForeignTenantFile(BadTenantFile):
    """It was written by a version that this one cannot read."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a file.

    Attributes:
        quotas: by name, those that are set.
        extent: how far the record reaches.
        event_hash, state_digest: what its engine comes to after the last command, in hexadecimal.
        parts: by name, the size and the SHA-256 of each.
    """

    tenant: str
    seed: int
    quotas: dict[str, int]
    extent: Extent
    event_seq: int
    event_hash: str
    state_digest: str
    parts: dict[str, tuple[int, str]] = field(default_factory=dict)
    behaviour_version: int = BEHAVIOUR_VERSION
    version: int = FILE_VERSION

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Self:
        """What was given out by `as_dict`."""
        extent = Extent(**raw["extent"])
        parts = {str(name): (int(size), str(digest)) for name, (size, digest) in raw["parts"].items()}
        return cls(**{**raw, "extent": extent, "parts": parts})

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def pack(folder: Path, manifest: Manifest, target: Path) -> None:
    """Write the parts in a folder, which the manifest names, as one file."""
    content = _canonical(manifest.as_dict())
    whole = json.dumps({"manifest": manifest.as_dict(), "sha256": hashlib.sha256(content).hexdigest()}, indent=1)
    described = folder / _MANIFEST
    described.write_text(whole, encoding="utf-8")
    with tarfile.open(target, "x", format=tarfile.USTAR_FORMAT) as archive:
        for name in (_MANIFEST, *manifest.parts):
            part = folder / name
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = part.stat().st_size, 0o600
            with part.open("rb") as file:
                archive.addfile(entry, file)


def parts_in(folder: Path) -> dict[str, tuple[int, str]]:
    """The parts that lie in a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and _PART.fullmatch(name):
            with path.open("rb") as file:
                found[name] = (path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
    return found


def unpack(source: Path, folder: Path) -> Manifest:
    """Take a file apart into an empty folder, and hold each part to the manifest.

    Raises:
        BadTenantFile: it is cut short, changed or something else.
        ForeignTenantFile: a later version wrote it.
    """
    folder.mkdir(parents=True)
    try:
        with tarfile.open(source, "r:") as archive:
            entries = iter(archive)
            manifest = _manifest(archive, next(entries, None))
            left = dict(manifest.parts)
            for entry in entries:
                if entry.name not in left or not entry.isreg() or _PART.fullmatch(entry.name) is None:
                    raise BadTenantFile(f"it holds {entry.name!r}, which its manifest does not name")
                _take(archive, entry, folder / entry.name, left.pop(entry.name))
    except (tarfile.TarError, EOFError, UnicodeDecodeError) as error:
        raise BadTenantFile(f"it is cut short, or no file of a tenant: {error}") from None
    if left:
        raise BadTenantFile(f"it is cut short: {', '.join(left)} is missing")
    return manifest


def _manifest(archive: tarfile.TarFile, entry: tarfile.TarInfo | None) -> Manifest:
    if entry is None or entry.name != _MANIFEST or not entry.isreg() or entry.size > _MANIFEST_BYTES_MAX:
        raise BadTenantFile(f"it does not begin with {_MANIFEST}")
    try:
        raw = json.loads(_reader(archive, entry).read())
        described, digest = raw["manifest"], raw["sha256"]
        if hashlib.sha256(_canonical(described)).hexdigest() != digest:
            raise BadTenantFile(f"{_MANIFEST} is not what was written")
        if described["version"] > FILE_VERSION or described["behaviour_version"] != BEHAVIOUR_VERSION:
            raise ForeignTenantFile(
                f"it is of version {described['version']} and behaviour version {described['behaviour_version']};"
                f" this program reads up to {FILE_VERSION} and {BEHAVIOUR_VERSION}"
            )
        return Manifest.of(described)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, BadTenantFile):
            raise
        raise BadTenantFile(f"{_MANIFEST} cannot be read: {error}") from None


def _take(archive: tarfile.TarFile, entry: tarfile.TarInfo, target: Path, expected: tuple[int, str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with _reader(archive, entry) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file, _PIECE_BYTES)
    with target.open("rb") as file:
        if (target.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()) != expected:
            raise BadTenantFile(f"{entry.name} is not what was written")


def _reader(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Any:
    reader: BinaryIO | Any = archive.extractfile(entry)
    if reader is None:
        raise BadTenantFile(f"{entry.name} is no file")
    return reader


def _canonical(raw: dict[str, Any]) -> bytes:
    return json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()
