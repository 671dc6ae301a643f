"""Work that takes long for one tenant, done apart: in a thread of its own, while the event loop serves the others.

The interpreter runs one thread at a time. Plain code is interrupted by itself; compiled code gives way where the engine
breathes. What a tenant's engine is at meanwhile is nobody's business: the sequencer lets nothing near it until the work
is durable.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Generic, TypeVar

from acd_core.commands import ApplyPolicy, RemoveAgents, UpsertAgents
from acd_service.batch_taken import BatchWork
from acd_service.clock import sleep_s, stopwatch_ns
from acd_service.engine_interface import RoutingEngine
from acd_service.series import Apply
from acd_service.taken import Taken

AGENTS_MAX: Final = 250
"""More agents of one command than this, or commands of a series, are done apart: they take some 10 ms."""
QUEUES_MAX: Final = 250
"""Likewise queues of a policy."""
CONTACTS_MAX: Final = 5_000
"""A policy where more contacts or agents are is applied apart: to put a contact in order anew takes up to 6 µs."""
BATCH_BYTES_MAX: Final = 65_536
"""Likewise a batch that holds commands about the roster."""

AT_ONCE: Final = 4
"""Work of so many tenants is under way at a time, each of which may keep a copy of its engine in memory."""
_TURN_NS: Final = 1_000_000
"""How long compiled code keeps the interpreter: as seldom as this costs the work some percent."""
_REST_S: Final = 20e-6
"""Long enough for a thread that waits for the interpreter to take it; the system adds about 50 µs."""

T = TypeVar("T")


class LongQuestion(Generic[T]):
    """A question that takes long to answer, as a series that applies nothing: the engine has to stand still for it.

    Args:
        question: asked in another thread; it must not change the engine.
    """

    def __init__(self, question: Callable[[RoutingEngine], T]) -> None:
        self._question = question
        self._found: list[T] = []
        self._error: Exception | None = None

    def __len__(self) -> int:
        return 1

    def run(self, engine: RoutingEngine, _apply: Apply) -> None:
        """See `Series`."""
        try:
            self._found = [self._question(engine)]
        except Exception as error:  # concerns nobody but who asked: nothing was changed
            self._error = error

    def response(self) -> None:
        """See `Series`."""

    def found(self) -> T:
        """What was found, or raises what the question raised."""
        if self._error is not None:
            raise self._error
        return self._found[0]


def takes_long(taken: Taken, *, behind_long_work: bool) -> bool:
    """Whether something is to be done apart, by what it is and what its engine holds.

    Args:
        behind_long_work: the engine must not be looked at; it is taken for large.
    """
    work: Any = taken.work
    if work is None:
        command = taken.command
        if type(command) is UpsertAgents:
            return len(command.agents) > AGENTS_MAX
        if type(command) is ApplyPolicy:
            return len(command.policy.queues) > QUEUES_MAX or behind_long_work or is_large(taken.seat.engine)
        return type(command) is RemoveAgents and len(command.agent_ids) > AGENTS_MAX
    if isinstance(work, BatchWork):
        frame = work.batch.frame
        return frame.administers() and (
            frame.size_bytes > BATCH_BYTES_MAX or behind_long_work or is_large(taken.seat.engine)
        )
    return isinstance(work, LongQuestion) or len(work) > AGENTS_MAX


def is_large(engine: RoutingEngine) -> bool:
    """Whether an engine holds so much that to go through all of it takes long."""
    counts = engine.counts()
    return counts.agents + counts.waiting + counts.offered + counts.active + counts.scheduled > CONTACTS_MAX


class InPieces:
    """A snapshot in memory as it was written, to be read again, with a turn for others at each piece."""

    def __init__(self) -> None:
        self._pieces: deque[memoryview] = deque()
        self._breath = Breath()
        self.size = 0

    def write(self, piece: bytes) -> None:
        self._pieces.append(memoryview(piece))
        self.size += len(piece)
        self._breath()

    def readinto(self, buffer: memoryview) -> int:
        """As of a file; what was read is kept no longer."""
        self._breath()
        filled = 0
        while self._pieces and filled < len(buffer):
            piece = self._pieces.popleft()
            part = piece[: len(buffer) - filled]
            buffer[filled : filled + len(part)] = part
            filled += len(part)
            if len(part) < len(piece):
                self._pieces.appendleft(piece[len(part) :])
        return filled


class LongThreads:
    """Work that takes long for some tenants, each in a thread of its own. One of them goes on at a time, and gives the
    next its turn where its engine breathes: what takes seconds does not hold up what takes milliseconds, and the event
    loop has one thread beside it, not all.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="long work")
        self._turns = _Turns()

    def run(self, work: Callable[[Callable[[], object]], T]) -> "asyncio.Future[T]":
        """Have work done, which is given what its engine is to call now and then."""
        return asyncio.get_running_loop().run_in_executor(self._pool, self._in_turn, work)

    def stop(self) -> None:
        """Finish what was given, then end the threads."""
        self._pool.shutdown()

    def _in_turn(self, work: Callable[[Callable[[], object]], T]) -> T:
        self._turns.take()
        try:
            return work(Breath(self._turns.pass_on))
        finally:
            self._turns.give()


class _Turns:
    """Taken by one thread at a time; the others stand in line."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._line: deque[threading.Lock] = deque()
        self._taken = False

    def take(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            called = threading.Lock()
            called.acquire()
            self._line.append(called)
        called.acquire()

    def give(self) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().release()
            else:
                self._taken = False

    def pass_on(self) -> None:
        """Let all that stand in line go first."""
        if self._line:
            self.give()
            self.take()


class Breath:
    """Given to an engine that works apart: lets other threads have their turn, once a millisecond."""

    def __init__(self, pass_on: Callable[[], None] = lambda: None) -> None:
        self._pass_on = pass_on
        self._since_ns = stopwatch_ns()

    def __call__(self) -> None:
        now_ns = stopwatch_ns()
        if now_ns - self._since_ns >= _TURN_NS:
            sleep_s(_REST_S)
            self._pass_on()
            self._since_ns = stopwatch_ns()
