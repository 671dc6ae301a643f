"""The chain over a journal: a link for each tenant of each transaction, which carries the hash of the link before.

A link says how far its tenant's record reaches after it, and what is in between: a salted SHA-256 of the commands, one
of the events, and a note of what is kept beside them. The salt is drawn anew for each link and is not itself under the
chain: with it gone, nobody can find out by trying what personal data a hash was made of.

The journal as a whole has a chain of its own, under the name `JOURNAL`: which tenants were removed, which losses taken.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from acd_service.sums import Sha256

JOURNAL: Final = ""
"""Stands for the journal as a whole where a tenant is named; no tenant has this name."""
SALT_BYTES: Final = 16
ROOT_HASH: Final = bytes(32)
"""What the first link of a chain has before it."""
Piece = tuple[int, bytes, bytes]
"""Something kept in one row: its first number, its columns as bytes, its content."""


class Link(NamedTuple):
    number: int
    """From 0 on, without a gap, for each tenant."""
    last_seq: int
    """The tenant's last command after this transaction; 0 if it has none."""
    last_event_seq: int
    salt: bytes
    """Empty if there are neither commands nor events."""
    commands: bytes
    """SHA-256 over the salt and the commands; empty if there are none."""
    events: bytes
    note: str
    """JSON, or empty. `settings`, `policy_hash`, `forgotten`, and on the chain of the journal what befell it."""
    hash: bytes


class NewLink(NamedTuple):
    """A link whose hashes are taken when its transaction is carried out; otherwise as `Link`."""

    number: int
    last_seq: int
    last_event_seq: int
    salt: bytes
    commands: bytes | Sha256
    events: bytes | Sha256
    note: str
    hash: Sha256

    def head(self) -> "Head":
        """The end of the chain that it is, when it is durable."""
        return Head(self.number, self.last_seq, self.last_event_seq, self.hash.taken())


class Head(NamedTuple):
    """The end of a chain."""

    number: int
    last_seq: int
    last_event_seq: int
    hash: bytes


NO_LINKS: Final = Head(-1, 0, 0, ROOT_HASH)


def command_row(seq: int, at_ns: int, event_hash: int, content: bytes) -> Piece:
    return seq, struct.pack("<cqqQI", b"c", seq, at_ns, event_hash, len(content)), content


def event_row(event_seq: int, seq: int, content: bytes) -> Piece:
    return event_seq, struct.pack("<cqqI", b"e", event_seq, seq, len(content)), content


def command_piece(first_seq: int, last_seq: int, last_at_ns: int, content: bytes) -> Piece:
    return first_seq, struct.pack("<cqqqI", b"C", first_seq, last_seq, last_at_ns, len(content)), content


def event_piece(first_event_seq: int, last_event_seq: int, content: bytes) -> Piece:
    return first_event_seq, struct.pack("<cqqI", b"E", first_event_seq, last_event_seq, len(content)), content


def digest_of(salt: bytes, pieces: Iterable[Piece]) -> bytes:
    """Of pieces in order of their numbers; empty if there are none."""
    digest = None
    for _, columns, content in pieces:
        if digest is None:
            digest = hashlib.sha256(salt)
        if len(content) < 2_048:  # less than what hashlib lets go of the interpreter for
            digest.update(columns + content)
        else:
            digest.update(columns)
            digest.update(content)
    return b"" if digest is None else digest.digest()


def hash_pieces(before: bytes, tenant: str, link: "Link | NewLink") -> tuple[bytes | Sha256, ...]:
    """What the link's hash is over, given the hash of the link before. The salt has no part in it."""
    name, note = tenant.encode(), link.note.encode()
    fixed = struct.pack(
        "<qqqBBII",
        link.number, link.last_seq, link.last_event_seq, len(link.commands), len(link.events), len(name), len(note),
    )  # fmt: skip
    return before + fixed + name, link.commands, link.events, note


def hash_of(before: bytes, tenant: str, link: Link) -> bytes:
    """What the link's hash must be."""
    return Sha256(*hash_pieces(before, tenant, link)).taken()


def next_link(
    head: Head,
    tenant: str,
    *,
    last_seq: int = 0,
    last_event_seq: int = 0,
    commands: Iterable[Piece] = (),
    events: Iterable[Piece] = (),
    note: str = "",
) -> Link:
    """The link that follows on a head; 0 for numbers that it leaves as they are."""
    salt = os.urandom(SALT_BYTES)
    covered = digest_of(salt, commands), digest_of(salt, events)
    link = Link(
        head.number + 1,
        last_seq or head.last_seq,
        last_event_seq or head.last_event_seq,
        salt if any(covered) else b"",
        *covered,
        note,
        b"",
    )
    return link._replace(hash=hash_of(head.hash, tenant, link))


def next_link_later(
    head: Head,
    tenant: str,
    *,
    last_seq: int,
    last_event_seq: int,
    commands: list[Piece],
    events: list[Piece],
    note: str,
) -> NewLink:
    """As `next_link`, with hashes that are taken when the transaction is carried out."""
    salt = os.urandom(SALT_BYTES) if commands or events else b""
    link = NewLink(
        head.number + 1,
        last_seq or head.last_seq,
        last_event_seq or head.last_event_seq,
        salt,
        _digest_later(salt, commands),
        _digest_later(salt, events),
        note,
        Sha256(),
    )
    return link._replace(hash=Sha256(*hash_pieces(head.hash, tenant, link)))


def _digest_later(salt: bytes, pieces: list[Piece]) -> bytes | Sha256:
    if not pieces:
        return b""
    covered = [salt]
    for _, columns, content in pieces:
        covered += (columns, content)
    return Sha256(*covered)


def head_of(link: Link) -> Head:
    return Head(link.number, link.last_seq, link.last_event_seq, link.hash)


def policy_hash(before: bytes, policy_version: int, seq: int, at_ns: int, content: bytes) -> bytes:
    """Policies outlive the links of their commands, so they have a chain of their own; notes name its end."""
    return hashlib.sha256(before + struct.pack("<qqq", policy_version, seq, at_ns) + content).digest()


def note_text(note: Mapping[str, Any]) -> str:
    """As it is kept: the same for the same content."""
    return json.dumps(note, sort_keys=True, separators=(",", ":"))
