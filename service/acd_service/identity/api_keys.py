"""API keys: made once, shown once, kept as hashes in a file that a running service follows.

A key is `acd_ID_SECRET`: the ID is public and finds the entry, the SECRET is 256 random bits. What is kept is its
SHA-256. A slow, salted hash (bcrypt, scrypt, Argon2) makes up for secrets that people choose, which can be guessed by
the million; 2^256 random ones cannot, however fast the hash, and a slow one would let anybody who sends wrong keys
keep the service busy.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from math import inf
from pathlib import Path
from typing import Any, Final, Self

from acd_core.refusal import Refused
from acd_service.identity.identity import Identity, roles_of

FORMAT: Final = 1
PREFIX: Final = "acd_"
KEYS_MAX: Final = 100_000
FILE_BYTES_MAX: Final = 64 * 2**20
_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32
_KEY_CHARACTERS: Final = len(PREFIX) + 2 * _ID_BYTES + 1 + 2 * _SECRET_BYTES


class BadKeyFile(ValueError):
    """A file of keys that cannot be used; the message names it, and the entry at fault."""


class UnknownKey(LookupError):
    """There is no key with this ID."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key. Times are seconds since the Unix epoch, 0 where there is none."""

    key_id: str
    sha256: str
    """Of the secret's text, in hexadecimal."""
    name: str
    tenant: str
    roles: tuple[str, ...]
    agent_id: str = ""
    created_at_s: int = 0
    expires_at_s: int = 0
    revoked_at_s: int = 0

    def identity(self) -> Identity:
        """Who comes with this key.

        Raises:
            Refused: an entry that no key can have.
        """
        return Identity(
            self.name,
            self.tenant,
            roles_of(self.roles),
            self.agent_id,
            float(self.expires_at_s) if self.expires_at_s else inf,
            self.key_id,
        )


class KeyRing:
    """The keys of a file, to look presented ones up."""

    def __init__(self, keys: Mapping[str, ApiKey]) -> None:
        self.keys: Final = keys

    @classmethod
    def parse(cls, content: bytes, name: str) -> Self:
        """The keys in a file's content.

        Raises:
            BadKeyFile: it is no file of keys, or an entry cannot be.
        """
        try:
            document = json.loads(content)
            if not isinstance(document, dict) or document.get("format") != FORMAT:
                raise BadKeyFile(f"{name}: not a file of keys, or of a later format")
            entries = document["keys"]
            if not isinstance(entries, list) or len(entries) > KEYS_MAX:
                raise BadKeyFile(f"{name}: keys: a list of at most {KEYS_MAX} is expected")
            keys = [_key_of(entry, f"{name}: keys[{index}]") for index, entry in enumerate(entries)]
        except (ValueError, KeyError, RecursionError) as error:
            if isinstance(error, BadKeyFile):
                raise
            raise BadKeyFile(f"{name}: not a file of keys: {error}") from None
        found = {key.key_id: key for key in keys}
        if len(found) != len(keys):
            raise BadKeyFile(f"{name}: a key_id stands there twice")
        return cls(found)

    def find(self, presented: str) -> Identity | None:
        """Who comes with this key; None if it is not one of these or was revoked. It may have expired."""
        if len(presented) != _KEY_CHARACTERS or not presented.isascii():
            return None
        key_id, _, secret = presented.removeprefix(PREFIX).partition("_")
        key = self.keys.get(key_id)
        # Compared also if there is no such key, so that the time taken tells nothing about which IDs there are.
        same = hmac.compare_digest(_hash(secret), key.sha256 if key is not None else _hash(""))
        return key.identity() if same and key is not None and not key.revoked_at_s else None


class KeyFile:
    """The file that `acd keys` keeps: changed under a lock, replaced as a whole, first readable by its owner."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path

    def read(self) -> KeyRing:
        """All keys; none if the file is not there.

        Raises:
            BadKeyFile, OSError: it cannot be used.
        """
        try:
            content = self.path.read_bytes()
            return KeyRing.parse(content, str(self.path)) if content else KeyRing({})
        except FileNotFoundError:
            return KeyRing({})

    def create(self, identity: Identity, now_s: int) -> tuple[ApiKey, str]:
        """Make a key for an identity, in force until the identity expires.

        Returns:
            What is kept, and the key itself: it is nowhere else.

        Raises:
            BadKeyFile: the file cannot be used, or is full.
        """
        key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES)
        expires_at_s = 0 if identity.expires_at_s == inf else int(identity.expires_at_s)
        roles = tuple(sorted(identity.roles))
        key = ApiKey(
            key_id, _hash(secret), identity.name, identity.tenant, roles, identity.agent_id, now_s, expires_at_s
        )
        with self._locked():
            keys = dict(self.read().keys)
            if len(keys) >= KEYS_MAX:
                raise BadKeyFile(f"{self.path}: it holds {KEYS_MAX} keys, and no more are allowed")
            self._write([*keys.values(), key])
        return key, f"{PREFIX}{key_id}_{secret}"

    def revoke(self, key_id: str, now_s: int) -> ApiKey:
        """End a key; it stays in the file, so that the list tells what became of it.

        Returns:
            The key, with the time at which it was revoked first.

        Raises:
            UnknownKey: there is none with this ID.
            BadKeyFile: the file cannot be used.
        """
        with self._locked():
            keys = dict(self.read().keys)
            if key_id not in keys:
                raise UnknownKey(key_id)
            if not keys[key_id].revoked_at_s:
                keys[key_id] = replace(keys[key_id], revoked_at_s=now_s)
                self._write([*keys.values()])
            return keys[key_id]

    def _write(self, keys: list[ApiKey]) -> None:
        document = {"format": FORMAT, "keys": [asdict(key) for key in keys]}
        made = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            before = self.path.stat() if self.path.exists() else None
            with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(document, file, ensure_ascii=False, indent=1)
                file.write("\n")
                file.flush()
                if before is not None:
                    # A service that runs as another user, and was given the file, can still read it.
                    os.fchmod(file.fileno(), before.st_mode & 0o777)
                    with suppress(PermissionError):
                        os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fsync(file.fileno())
            made.replace(self.path)
        finally:
            made.unlink(missing_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One change at a time. The lock is a file of its own, since the file of keys is replaced."""
        lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


_TYPES: Final[Mapping[str, type]] = {
    field.name: int if field.name.endswith("_s") else tuple if field.name == "roles" else str
    for field in fields(ApiKey)
}


def _key_of(entry: Any, where: str) -> ApiKey:
    if not isinstance(entry, dict) or not set(entry) <= set(_TYPES):
        raise BadKeyFile(f"{where}: a key is expected, with {', '.join(_TYPES)}")
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    for name, value in given.items():
        if type(value) is not _TYPES[name] or (isinstance(value, int) and not 0 <= value < 2**53):
            raise BadKeyFile(f"{where}: {name}: {value!r} is not of the right kind")
    try:
        key = ApiKey(**given)
        key.identity()
    except (TypeError, Refused) as error:
        raise BadKeyFile(f"{where}: {error}") from None
    if len(key.sha256) != hashlib.sha256().digest_size * 2:
        raise BadKeyFile(f"{where}: sha256: 64 hexadecimal digits are expected")
    return key


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
