"""Proves the chain over a journal: each link carries the hash of the one before, and is over the very records that are
kept; what is kept beside them is what the chain noted last.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain as joined
from typing import Any, Final

import apsw

from acd_service.chain import JOURNAL, NO_LINKS, ROOT_HASH, Head, Link, Piece, digest_of, hash_of, head_of
from acd_service.chain_rows import (
    command_pieces,
    event_pieces,
    last_numbers,
    notes_of_erasures,
    oldest_link,
    policy_hash_proved,
    read_head,
    read_link,
    read_links,
    settings_of,
)
from acd_service.journal import JournalDamaged
from acd_service.journal_reader import JournalReader

_LINKS_AT_ONCE: Final = 512
_TRIES: Final = 3
"""A running service may forget what is being looked at."""


class ChainBroken(JournalDamaged):
    """The first link of a chain that does not hold."""

    def __init__(self, tenant: str, number: int, why: str, good_through_seq: int) -> None:
        whose = "the journal's own chain" if tenant == JOURNAL else f"the chain of tenant {tenant}"
        super().__init__(f"{whose} breaks at link {number}: {why}", good_through_seq)
        self.tenant = tenant
        self.number = number


@dataclass(slots=True)
class Forgotten:
    """What the chain says was dropped on purpose."""

    through_seq: int = 0
    through_event_seq: int = 0
    root: int = 0
    """The link from which on they are kept."""


@dataclass(slots=True)
class Erasure:
    """What the chain says of a customer who was erased; not who it was."""

    seq: int
    """The last command up to which the record was replaced."""
    asked_by: str
    at_ns: int
    links: int
    """Of how many links records were replaced, as far as they are not forgotten since."""


@dataclass(slots=True)
class _Noted:
    """What the notes of a chain say."""

    forgotten: Forgotten
    beside: dict[str, Any]
    """What is kept beside the record, as it was noted last."""
    replaced: dict[int, tuple[bytes, bytes]]
    """What links are over since something of it was erased, commands and events."""
    erasures: list[Erasure]


@dataclass(slots=True)
class ChainFound:
    """A chain that holds."""

    head: Head
    links: int
    erasures: list[Erasure]


def check_chain(journal: JournalReader, tenant: str) -> ChainFound:
    """Prove a chain up to where it reaches now.

    Raises:
        ChainBroken: naming the first link that does not hold, and the last command before it.
        JournalDamaged: a record that is not what was written.
    """
    for tries in range(_TRIES):
        with journal.reading() as reader:
            oldest, head = oldest_link(reader, tenant), read_head(reader, tenant)
        try:
            return _check_once(journal, tenant)
        except JournalDamaged:
            with journal.reading() as reader:
                is_as_it_was = oldest_link(reader, tenant) == oldest and not _is_erased_since(reader, tenant, head)
                if tries == _TRIES - 1 or is_as_it_was:
                    raise
    raise AssertionError


def _is_erased_since(reader: apsw.Connection, tenant: str, head: Head) -> bool:
    return bool(notes_of_erasures(reader, tenant, head.number))


def _check_once(journal: JournalReader, tenant: str) -> ChainFound:
    with journal.reading() as reader:
        head = read_head(reader, tenant)
        kept_beside = _kept_beside(reader, tenant)
        last = last_numbers(reader, tenant)
    noted = _check_links(journal, tenant, head)
    if last != (head.last_seq, head.last_event_seq):
        why = f"it is missing, or its records end with command {last[0]} and event {last[1]}"
        raise ChainBroken(tenant, head.number + 1, why, min(last[0], head.last_seq))
    for what, is_now in kept_beside.items():
        if noted.beside.get(what) != is_now:
            raise ChainBroken(tenant, head.number, f"its {what} are not what was noted last", head.last_seq)
    _check_records(journal, tenant, head, noted)
    return ChainFound(head, head.number + 1 - noted.forgotten.root, noted.erasures)


def _kept_beside(reader: apsw.Connection, tenant: str) -> dict[str, Any]:
    if tenant == JOURNAL:
        return {}
    policy_hash = policy_hash_proved(reader, tenant)
    return {"settings": settings_of(reader, tenant), "policy_hash": policy_hash.hex()}


def _check_links(journal: JournalReader, tenant: str, head: Head) -> _Noted:
    """Each link against the one before: what the notes say."""
    before: Head | None = None
    noted = _Noted(Forgotten(), {"policy_hash": ROOT_HASH.hex()}, {}, [])
    first = None
    for link in _links(journal, tenant, head.number):
        if before is None:
            before = NO_LINKS if link.number == 0 else head_of(link)
            first = link.number
            if link.number:
                continue  # the root: what it is over was forgotten, its hash is what the next one carries
        _check_link(tenant, before, link)
        before = head_of(link)
        if link.note:
            note = json.loads(link.note)
            noted.beside |= note
            if "forgotten" in note:
                noted.forgotten = Forgotten(**note["forgotten"])
            if "erased" in note:
                _take_erasure(tenant, link, note["erased"], noted)
    if before is None:
        before = NO_LINKS
    if before != head:
        raise ChainBroken(tenant, before.number + 1, "it is missing", before.last_seq)
    if first != noted.forgotten.root:
        raise ChainBroken(tenant, first or 0, "the links before it are gone, and no link says so", 0)
    return noted


def _take_erasure(tenant: str, link: Link, erased: dict[str, Any], noted: _Noted) -> None:
    """What was replaced is of links before the one that says so, up to a command before it."""
    for number, (commands, events) in erased["links"].items():
        if int(number) >= link.number:
            raise ChainBroken(tenant, link.number, f"it says that link {number} was replaced before it was there", 0)
        noted.replaced[int(number)] = bytes.fromhex(commands), bytes.fromhex(events)
    if not noted.erasures or noted.erasures[-1].seq != erased["seq"]:
        noted.erasures.append(Erasure(erased["seq"], erased["asked_by"], erased["at_ns"], 0))
    noted.erasures[-1].links += len(erased["links"])


def _links(journal: JournalReader, tenant: str, last: int) -> Iterator[Link]:
    number = 0
    while number <= last:
        with journal.reading() as reader:
            links = read_links(reader, tenant, number, _LINKS_AT_ONCE)
        if not links:
            return
        yield from (link for link in links if link.number <= last)
        number = links[-1].number + 1


def _check_link(tenant: str, before: Head, link: Link) -> None:
    if link.number != before.number + 1:
        raise ChainBroken(tenant, before.number + 1, "it is missing", before.last_seq)
    if link.last_seq < before.last_seq or link.last_event_seq < before.last_event_seq:
        raise ChainBroken(tenant, link.number, "it goes back", before.last_seq)
    if not isinstance(link.note, str) or not all(isinstance(each, bytes) for each in (link.commands, link.events)):
        raise ChainBroken(tenant, link.number, "it is not what was written", before.last_seq)
    if hash_of(before.hash, tenant, link) != link.hash:
        raise ChainBroken(tenant, link.number, "its hash is not that of what it says", before.last_seq)


def _check_records(journal: JournalReader, tenant: str, head: Head, noted: _Noted) -> None:
    """What each link is over, or is over since something of it was replaced, against what is kept."""
    forgotten = noted.forgotten
    number = forgotten.root + 1 if forgotten.root else 0
    while number <= head.number:
        with journal.reading() as reader:
            links = [link for link in read_links(reader, tenant, number, _LINKS_AT_ONCE) if link.number <= head.number]
            before = read_link(reader, tenant, number - 1)
            seq, event_seq = (0, 0) if before is None else (before.last_seq, before.last_event_seq)
            commands = _Covered(command_pieces(reader, tenant, seq, links[-1].last_seq))
            events = _Covered(event_pieces(reader, tenant, event_seq, links[-1].last_event_seq))
            for link in links:
                over, events_over = noted.replaced.get(link.number, (link.commands, link.events))
                _check_over(tenant, link, "commands", over, commands.through(link.last_seq),
                            link.last_seq <= forgotten.through_seq, seq)  # fmt: skip
                _check_over(tenant, link, "events", events_over, events.through(link.last_event_seq),
                            link.last_event_seq <= forgotten.through_event_seq, seq)  # fmt: skip
                seq = link.last_seq
        number = links[-1].number + 1


def _check_over(
    tenant: str, link: Link, what: str, digest: bytes, pieces: Iterator[Piece], is_forgotten: bool, good: int
) -> None:
    found = digest_of(link.salt, pieces)
    if found != digest and not (is_forgotten and not found):
        raise ChainBroken(tenant, link.number, f"the {what} that it is over are not those that are kept", good)


class _Covered:
    """Pieces in order, handed out link by link."""

    def __init__(self, pieces: Iterator[tuple[int, Piece]]) -> None:
        self._pieces = pieces

    def through(self, last: int) -> Iterator[Piece]:
        """Those that begin no later than this; all of them must be taken."""
        for end, piece in self._pieces:
            if piece[0] > last:
                self._pieces = joined([(end, piece)], self._pieces)
                return
            yield piece
