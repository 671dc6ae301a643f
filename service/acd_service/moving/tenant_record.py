"""What a journal keeps of one tenant, read in pieces that another journal takes as they are."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from acd_service.codec.chunks import command_chunk, event_chunk
from acd_service.journal import Batch, CommandRecord, EventRecord, Extent, Journal, PolicyRecord, Stretch

_COMMANDS_AT_ONCE: Final = 1_000
"""A transaction of as many holds up nobody for long."""
_EVENTS_AT_ONCE: Final = 4_000
_EVENT_BYTES_AT_ONCE: Final = 4 * 2**20
_POLICIES_AT_ONCE: Final = 100


def record_of(journal: Journal, tenant: str, extent: Extent) -> Iterator[Batch]:
    """The record within an extent, in order; what comes to it meanwhile is left out.

    Raises:
        JournalDamaged: it is not whole.
    """
    policies = _policies(journal, tenant, extent)
    events = _Events(journal, tenant, extent)
    if not extent.last_seq:
        return
    commands = journal.read(tenant, extent.oldest_seq)
    left = extent.last_seq - extent.oldest_seq + 1
    while left:
        group = list(islice(commands, min(left, _COMMANDS_AT_ONCE)))
        left -= len(group)
        last_seq = group[-1].seq
        in_force = []
        while policies and (policies[-1].seq <= last_seq or not left):
            in_force.append(policies.pop())
        theirs = events.through(last_seq)
        while len(theirs) == _EVENTS_AT_ONCE:
            yield Batch([], theirs)
            theirs = events.through(last_seq)
        yield Batch([], [], in_force, [_stretch(tenant, group, theirs)])


def _policies(journal: Journal, tenant: str, extent: Extent) -> list[PolicyRecord]:
    """The newest first."""
    found: list[PolicyRecord] = []
    version = 2**62
    while records := journal.read_policies(tenant, up_to_version=version, policies_max=_POLICIES_AT_ONCE):
        found += (record for record in records if record.seq <= extent.last_seq)
        version = records[-1].policy_version - 1
    return found


class _Events:
    """The events of an extent, as far as they belong to commands up to some number."""

    def __init__(self, journal: Journal, tenant: str, extent: Extent) -> None:
        self._journal = journal
        self._tenant = tenant
        self._next = extent.oldest_event_seq
        self._last = extent.last_event_seq
        self._read: list[EventRecord] = []

    def through(self, seq: int) -> list[EventRecord]:
        """The next events of commands up to `seq`: all of them, or `_EVENTS_AT_ONCE`."""
        while len(self._read) < _EVENTS_AT_ONCE and 0 < self._next <= self._last:
            if self._read and self._read[-1].seq > seq:
                break
            records = self._journal.read_events(
                self._tenant,
                self._next,
                events_max=min(_EVENTS_AT_ONCE, self._last - self._next + 1),
                bytes_max=_EVENT_BYTES_AT_ONCE,
            )
            self._read += records
            self._next = records[-1].event_seq + 1
        count = next((place for place, each in enumerate(self._read) if each.seq > seq), len(self._read))
        count = min(count, _EVENTS_AT_ONCE)
        found, self._read = self._read[:count], self._read[count:]
        return found


def _stretch(tenant: str, commands: list[CommandRecord], events: list[EventRecord]) -> Stretch:
    return Stretch(
        tenant,
        commands[0].seq,
        commands[-1].seq,
        commands[-1].at_ns,
        command_chunk([each.content for each in commands], [each.event_hash for each in commands]),
        events[0].event_seq if events else 0,
        events[-1].event_seq if events else 0,
        event_chunk([each.content for each in events]) if events else b"",
    )
