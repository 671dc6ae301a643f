"""How things stood just before an event: the journal replayed to it, in a process of its own.

A replay of a large tenant takes seconds and would hold up the loop; in another process it holds up nobody.
"""

import asyncio
import multiprocessing
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd_core.enums import EventType
from acd_core.events import Event
from acd_core.reference.past import explain_match
from acd_core.views import Explanation
from acd_service import codec
from acd_service.child import end_with_parent
from acd_service.engine_interface import RoutingEngine, engine_maker
from acd_service.journal import JournalError
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import replay
from acd_service.service_error import EventSeqAhead, EventsNoLongerKept, ReplayFailed, ReplayTooLong

_MATCHES: Final = (EventType.OFFER_MADE, EventType.CONTACT_ASSIGNED)


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """Whom to explain, and just before which event."""

    event_seq: int
    contact_id: str
    agent_id: str


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """What was found, or why nothing could be.

    Attributes:
        explanation: None if contact or agent were not there.
        event: the event itself, encoded; empty if it was not found.
        oldest_event_seq: the oldest event that can be gone back to, if this one cannot.
        commands_between: commands to replay, if they are too many.
        failure: what is wrong with the journal, if it cannot be read.
    """

    explanation: Explanation | None = None
    event: bytes = b""
    oldest_event_seq: int = 0
    commands_between: int = 0
    failure: str = ""


class Past:
    """Answers questions about the past, one at a time."""

    def __init__(self, tenant: str, data_dir: Path, engine: str, commands_max: int) -> None:
        self._tenant = tenant
        self._data_dir = data_dir
        self._engine = engine
        self._commands_max = commands_max
        self._pool: ProcessPoolExecutor | None = None

    async def explain(self, question: PastQuestion, next_event_seq: int) -> tuple[Explanation | None, Event]:
        """Why things were so just before an event, and the event.

        Raises:
            EventSeqAhead, EventsNoLongerKept: there is no such event, or none to go back to.
            ReplayTooLong: more commands would have to be replayed than may be.
            ReplayFailed: the journal could not be read; routing goes on.
        """
        if question.event_seq >= next_event_seq:
            raise EventSeqAhead(question.event_seq, next_event_seq)
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1, initializer=end_with_parent)
        work = (str(self._data_dir), self._tenant, self._engine, self._commands_max, question)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, explain_past, *work)
        except BrokenExecutor as error:
            self._pool = None
            raise ReplayFailed(f"the replay ended before its time: {error}") from None
        if answer.failure:
            raise ReplayFailed(answer.failure)
        if answer.oldest_event_seq:
            raise EventsNoLongerKept(question.event_seq, answer.oldest_event_seq)
        if answer.commands_between:
            raise ReplayTooLong(answer.commands_between, self._commands_max)
        return answer.explanation, codec.decode_event(answer.event)

    def stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def explain_past(data_dir: str, tenant: str, engine: str, commands_max: int, question: PastQuestion) -> PastAnswer:
    """The whole of a question, for a process of its own: it only reads."""
    try:
        journal = SqliteJournal.open_to_read(Path(data_dir))
        return _explain(journal, tenant, engine, commands_max, question)
    except (JournalError, OSError) as error:
        return PastAnswer(failure=str(error))


def _explain(journal: SqliteJournal, tenant: str, engine: str, commands_max: int, question: PastQuestion) -> PastAnswer:
    extent = journal.extent(tenant)
    if question.event_seq < extent.oldest_event_seq:
        return PastAnswer(oldest_event_seq=extent.oldest_event_seq)
    (record,) = journal.read_events(tenant, question.event_seq, events_max=1, bytes_max=1)
    start = _before(journal, tenant, engine, record.seq)
    if start is None:
        return PastAnswer(oldest_event_seq=_first_event_after_snapshot(journal, tenant, engine))
    between = record.seq - 1 - start.seq
    if between > commands_max:
        return PastAnswer(commands_between=between)
    commands = journal.read(tenant, start.seq + 1)
    for command_record in commands:
        if command_record.seq == record.seq:
            break
        replay(start, command_record)
    event = codec.decode_event(record.content)
    pair = bool(question.contact_id and question.agent_id)
    explanation = start.explain(question.contact_id, question.agent_id)
    if pair and event.type in _MATCHES:
        _, at_ns, command = codec.decode_record(command_record.content)
        explanation = explain_match(
            start.snapshot(), at_ns, command, event.offer_id, question.contact_id, question.agent_id
        )
    return PastAnswer(explanation, record.content)


def _before(journal: SqliteJournal, tenant: str, engine: str, seq: int) -> RoutingEngine | None:
    """The latest state that is kept of before the command `seq`; None if there is none."""
    maker = engine_maker(engine)
    earlier = [kept for kept in journal.snapshots.seqs(tenant) if kept < seq]
    if earlier:
        return journal.snapshots.of(tenant, earlier[-1]).restore(maker)
    if journal.replay_floor(tenant):
        return None
    return maker(journal.seed(tenant) or 0)


def _first_event_after_snapshot(journal: SqliteJournal, tenant: str, engine: str) -> int:
    found = min(journal.snapshots.seqs(tenant), default=None)
    if found is None:
        return journal.extent(tenant).last_event_seq + 1
    return journal.snapshots.of(tenant, found).restore(engine_maker(engine)).event_seq + 1
