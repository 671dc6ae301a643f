"""From what was kept to a running engine: the latest snapshot, then the commands after it, checked all the way."""

import logging
from dataclasses import dataclass
from typing import Final

from acd_core.events import Answer
from acd_core.refusal import Refused
from acd_core.snapshot import BadSnapshot
from acd_service import codec
from acd_service.batches.replaying import Astray, replay_chunk
from acd_service.clock import stopwatch_ns
from acd_service.engine_interface import EngineMaker, RoutingEngine
from acd_service.journal import CommandRecord, Extent, Journal, JournalDamaged, JournalError, JournalForeign

_log = logging.getLogger(__name__)
_SAY_EVERY_NS: Final = 5_000_000_000


class EngineFailedOnReplay(JournalError):
    """The engine trips over a command that it took before."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """An engine as the journal has it."""

    engine: RoutingEngine
    snapshot_seq: int
    """0 if there was no snapshot."""
    replayed: int
    extent: Extent


class _Progress:
    """Says in the log how far a long replay is and how long it will take, every few seconds."""

    def __init__(self, tenant: str, from_seq: int, last_seq: int) -> None:
        self._tenant = tenant
        self._from_seq = from_seq
        self._last_seq = last_seq
        self._began_ns = self._said_ns = stopwatch_ns()

    def reached(self, seq: int) -> None:
        now_ns = stopwatch_ns()
        if now_ns - self._said_ns < _SAY_EVERY_NS:
            return
        self._said_ns = now_ns
        done, total = seq - self._from_seq, self._last_seq - self._from_seq
        left_s = (now_ns - self._began_ns) / 1e9 * max(0, total - done) / max(1, done)
        _log.warning(
            "tenant %s: replayed %s of %s commands, about %.0f s left", self._tenant, f"{done:,}", f"{total:,}", left_s
        )


def replay_tail(journal: Journal, tenant: str, make: EngineMaker) -> Recovered:
    """The engine after the last command that was committed when it was looked for; others may go on writing.

    Raises:
        JournalDamaged: a gap, a wrong checksum, a replay that gives other events than the journalled ones, or a
            journal that ends before a snapshot that was made from it.
        JournalForeign: the tenant is not in this journal.
    """
    extent = journal.extent(tenant)
    seed = journal.seed(tenant)
    if seed is None:
        raise JournalForeign(f"the journal has no tenant {tenant!r}")
    try:
        restored = journal.restore_latest(tenant, make)
    except BadSnapshot as error:
        raise JournalForeign(str(error)) from None
    if restored is None:
        _check_reached(journal, tenant, extent, 0)
        engine = make(seed)
    else:
        snapshot_seq, engine = restored
        if snapshot_seq > extent.last_seq:
            raise JournalDamaged(
                f"the journal ends at seq {extent.last_seq}, before the snapshot of seq {snapshot_seq}",
                extent.last_seq,
            )
        _check_reached(journal, tenant, extent, snapshot_seq)
    snapshot_seq = engine.seq
    progress = _Progress(tenant, snapshot_seq, extent.last_seq)
    for chunk in journal.read_chunks(tenant, engine.seq + 1):
        replay_all(engine, chunk)
        progress.reached(engine.seq)
    if engine.seq < extent.last_seq:
        raise JournalDamaged(f"command {engine.seq + 1} is missing, the last is {extent.last_seq}", engine.seq)
    return Recovered(engine, snapshot_seq, engine.seq - snapshot_seq, extent)


def _check_reached(journal: Journal, tenant: str, extent: Extent, snapshot_seq: int) -> None:
    """What lies behind the newest snapshot can be replayed; `snapshot_seq` 0: all that there is."""
    floor = journal.replay_floor(tenant)
    if snapshot_seq >= floor:
        return
    if extent.oldest_seq <= snapshot_seq + 1:
        raise JournalDamaged(
            f"a customer was erased from the commands up to {floor}, and there is no snapshot of them", snapshot_seq
        )
    if not snapshot_seq:
        raise JournalDamaged(f"commands before {extent.oldest_seq} are gone, and there is no snapshot of them", 0)
    raise JournalDamaged(f"commands from {snapshot_seq + 1} to {extent.oldest_seq - 1} are missing", snapshot_seq)


def recover(journal: Journal, tenant: str, make: EngineMaker) -> Recovered:
    """As `replay_tail`, when nobody else is writing: then the journal must also hold exactly the engine's events.

    Raises:
        JournalDamaged, JournalForeign: as `replay_tail`, and if the last events are missing or too many, or the time
            of the last command is another.
    """
    recovered = replay_tail(journal, tenant, make)
    event_seq, last = recovered.engine.event_seq, recovered.extent.last_event_seq
    if event_seq != last:
        raise JournalDamaged(
            f"the commands gave {event_seq} events, the journal holds events up to {last}", recovered.engine.seq
        )
    now_ns, last_at_ns = recovered.engine.now_ns, recovered.extent.last_at_ns
    if now_ns != last_at_ns:
        raise JournalDamaged(f"the commands end at {now_ns} ns, the journal says {last_at_ns}", recovered.engine.seq)
    return recovered


def replay_all(engine: RoutingEngine, chunk: bytes) -> None:
    """As `replay`, for those of an `acd.v1.CommandChunk` that the engine does not have yet.

    Raises:
        JournalDamaged, EngineFailedOnReplay: as `replay`.
    """
    try:
        replay_chunk(engine, chunk)
    except Astray as astray:
        kind = EngineFailedOnReplay if astray.is_engine_fault else JournalDamaged
        raise kind(str(astray), astray.seq - 1) from astray.__cause__


def replay(engine: RoutingEngine, record: CommandRecord) -> Answer:
    """Apply one journalled command and hold the outcome to the record.

    Raises:
        JournalDamaged: the engine does not take it, or its events differ from those of the first time.
        EngineFailedOnReplay: a fault of the engine, not of the journal.
    """
    good = record.seq - 1
    try:
        seq, at_ns, command = codec.decode_record(record.content)
    except codec.BadRecord as error:
        raise JournalDamaged(f"command {record.seq} cannot be read: {error}", good) from None
    if (seq, at_ns) != (record.seq, record.at_ns):
        raise JournalDamaged(f"command {record.seq} says of itself that it is {seq}, at {at_ns}", good)
    try:
        answer = engine.apply(at_ns, command)
    except Refused as refused:
        raise JournalDamaged(f"command {record.seq} was accepted once and is refused now: {refused}", good) from None
    except Exception as error:
        raise EngineFailedOnReplay(f"the engine fails on command {record.seq}: {error!r}", good) from error
    if answer.duplicate or answer.seq != record.seq:
        raise JournalDamaged(f"command {record.seq} is taken for another one", good)
    if engine.event_hash != record.event_hash:
        raise JournalDamaged(f"command {record.seq} gives other events than it gave at first", good)
    return answer
