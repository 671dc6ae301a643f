"""What the service asks of a journal: an append-only, durable record of commands and of the events they caused.

The interface is kept small enough for a replicated log behind it. One process appends; anyone may read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from acd_service import tenant_settings
from acd_service.engine_interface import EngineMaker, RoutingEngine

TENANT_DEFAULT = tenant_settings.TENANT_DEFAULT
REMOVING: Final = "removing"
"""The fact of a tenant that is being deleted, part by part."""


ERASING: Final = "erasing"
"""The fact of a tenant of which a customer is being erased: the last command before that began."""
ERASED: Final = "erased_through"
"""The fact of a tenant of which a customer was erased: the last command up to which its record was."""
ERASURE_FACTS: Final = (ERASED, ERASING)
"""What goes with a tenant's record wherever it goes: an erasure that was begun is finished there."""


class CommandRecord(NamedTuple):
    tenant: str
    seq: int
    at_ns: int
    event_hash: int
    """The running hash of the tenant's events after this command."""
    content: bytes


class EventRecord(NamedTuple):
    tenant: str
    event_seq: int
    seq: int
    content: bytes


class EventRun(NamedTuple):
    """Events that follow each other, as one piece."""

    first_event_seq: int
    last_event_seq: int
    content: bytes
    """An `acd.v1.EventChunk`."""


class PolicyRecord(NamedTuple):
    """A policy that was put in force, kept beside its command so that earlier versions can be shown."""

    tenant: str
    policy_version: int
    seq: int
    at_ns: int
    content: bytes
    """`Policy.to_bytes`."""


class Stretch(NamedTuple):
    """Commands of one tenant that follow each other, and their events, kept as one piece."""

    tenant: str
    first_seq: int
    last_seq: int
    last_at_ns: int
    commands: bytes
    """An `acd.v1.CommandChunk`."""
    first_event_seq: int
    last_event_seq: int
    events: bytes
    """An `acd.v1.EventChunk`; empty, and the numbers 0, if there were none."""


class EventPiece(NamedTuple):
    """Events of one tenant that follow each other, kept as one piece."""

    tenant: str
    first_event_seq: int
    last_event_seq: int
    events: bytes
    """An `acd.v1.EventChunk`."""


class Batch(NamedTuple):
    """What is committed together, each list in order of its sequence within a tenant."""

    commands: Sequence[CommandRecord]
    events: Sequence[EventRecord]
    policies: Sequence[PolicyRecord] = ()
    stretches: Sequence[Stretch] = ()
    event_pieces: Sequence[EventPiece] = ()
    """Of commands that are kept row by row and have very many events."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the record of a tenant reaches; 0 where there is nothing. The last record is never forgotten."""

    oldest_seq: int
    last_seq: int
    last_at_ns: int
    oldest_event_seq: int
    last_event_seq: int


class Written(NamedTuple):
    """A snapshot that was written."""

    seq: int
    digest: str
    """Of the state, as `Engine.state_digest`."""
    size_bytes: int


class JournalError(RuntimeError):
    """A journal that cannot be used. `good_through_seq`: the last command known to be whole, where known."""

    def __init__(self, message: str, good_through_seq: int | None = None) -> None:
        suffix = "" if good_through_seq is None else f" (good through seq {good_through_seq})"
        super().__init__(message + suffix)
        self.good_through_seq = good_through_seq


class JournalMissing(JournalError):
    """There is no journal where one was expected."""


class JournalForeign(JournalError):
    """The file is something else, or was written in a format or behaviour version that this program cannot read."""


class JournalDamaged(JournalError):
    """The file is cut short or its content is not what was written."""


class JournalEndLost(JournalDamaged):
    """The journal ends before what was committed, or is not the one that was: told by its high-water marks."""


class JournalAltered(JournalDamaged):
    """The journal is whole in itself and does not go on from an anchor that was taken of it."""


class JournalWriteFailed(JournalError):
    """A commit did not succeed: nothing of the batch may be released."""


BEHAVIOUR_FROM: Final = "behaviour_from"
"""What is noted of a tenant whose commands before this seq are of an earlier behaviour version."""


class Journal(Protocol):
    def append(self, batch: Batch) -> None:
        """Make the batch durable, all or none.

        Raises:
            JournalWriteFailed: it may or may not be kept; the caller must stop serving.
        """

    @property
    def commit_descriptor(self) -> int | None:
        """Readable when an appending that was begun has ended; None if only `append` appends."""

    def begin_append(self, batch: Batch) -> None:
        """As `append`, in a thread that needs no interpreter. Nothing else may be written until `end_append`.

        Raises:
            JournalWriteFailed: nothing was begun.
        """

    def end_append(self) -> None:
        """End what was begun; waits for it.

        Raises:
            JournalWriteFailed: as `append`.
        """

    def read(self, tenant: str, from_seq: int) -> Iterator[CommandRecord]:
        """All commands from `from_seq` on, checked.

        Raises:
            JournalDamaged: at the first gap or record whose checksum is wrong.
        """

    def read_chunks(self, tenant: str, from_seq: int) -> Iterator[bytes]:
        """As `read`, many commands at a time: each an `acd.v1.CommandChunk`. The first may begin before `from_seq`.

        Raises:
            JournalDamaged: at the first gap between chunks, or chunk whose checksum is wrong.
        """

    def read_events(
        self, tenant: str, from_event_seq: int, *, events_max: int, bytes_max: int
    ) -> Sequence[EventRecord]:
        """The next events, at most `events_max` and about `bytes_max`; at least one if there is one.

        Raises:
            JournalDamaged: at a gap or a record whose checksum is wrong.
        """

    def read_event_runs(self, tenant: str, from_event_seq: int, *, events_max: int) -> Sequence[EventRun]:
        """As `read_events`, many at a time: about `events_max`. The first may begin before `from_event_seq`.

        Raises:
            JournalDamaged: at a gap or a run whose checksum is wrong, unless good ones come before.
        """

    def read_policies(self, tenant: str, *, up_to_version: int, policies_max: int) -> Sequence[PolicyRecord]:
        """Policies that were in force, the newest first, from `up_to_version` down."""

    def extent(self, tenant: str) -> Extent: ...

    def replay_floor(self, tenant: str) -> int:
        """Commands up to this one are forgotten, or show what was asked and no more, since a customer was erased, or
        are of an earlier behaviour version: a replay begins with a snapshot of this one or a later one. 0 if it can
        begin with nothing.
        """

    def size_bytes(self) -> int: ...

    def earlier_behaviour(self, tenant: str) -> int:
        """The last command of an earlier behaviour version: only a program of that version can replay it; 0 if none."""

    def seed(self, tenant: str) -> int | None:
        """What the tenant's engine was seeded with; None for a tenant not seen before."""

    def admit(self, tenant: str, seed: int) -> None:
        """Begin the record of a tenant not seen before."""

    def restore_latest(self, tenant: str, make: EngineMaker) -> tuple[int, RoutingEngine] | None:
        """The newest snapshot that is whole: its seq and the engine restored from it.

        Raises:
            BadSnapshot: this version cannot read it.
        """

    def save_snapshot(self, tenant: str, engine: RoutingEngine) -> Written:
        """Keep the engine's state, durably.

        Raises:
            OSError: it is not kept.
        """

    def forget(self, tenant: str, *, through_seq: int, through_event_seq: int) -> None:
        """Drop commands and events up to and including these, as far as whole transactions can be dropped."""

    def close(self) -> None: ...
