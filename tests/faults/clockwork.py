"""An event loop on simulated time: one callback a step, always in the same order, and it can be killed at any step.

It has no sockets and no threads. What code under test gives to an executor runs on the loop itself, a while later, as a
thread of its own would have done: begun after a drawn delay, told of after another.
"""

import asyncio
import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

STEPS_MAX = 200_000
"""A life that needs more is caught in a loop."""


class Killed(BaseException):
    """The process is no more. Not an Exception: nothing in it may notice."""


class Stuck(AssertionError):
    """Nothing is left that could go on, or it goes on for ever."""


class _Future(asyncio.Future):
    """Hashed by number, so that a set of them has the same order in every process."""

    def __init__(self, *, loop):
        super().__init__(loop=loop)
        self._number = next(loop.numbers)

    def __hash__(self):
        return self._number


class _Task(asyncio.Task):
    """Likewise."""

    def __init__(self, coroutine, *, loop, name, context):
        self._number = next(loop.numbers)
        super().__init__(coroutine, loop=loop, name=name, context=context)

    def __hash__(self):
        return self._number


class SimulatedLoop(asyncio.AbstractEventLoop):
    """Args:
    draw: what decides how long work in executors takes.
    slow_s: how long such work takes at most.
    is_dead: asked after each step; the loop raises Killed when it says so.
    note: told of each step what it is and when.
    """

    def __init__(
        self,
        draw: random.Random,
        slow_s: float = 0.01,
        is_dead: Callable[[], bool] = lambda: False,
        note: Callable[[str, float], None] = lambda _what, _at_s: None,
    ) -> None:
        self.steps = 0
        self.steps_max = STEPS_MAX
        self.kill_at_step: int | None = None
        self.dead = False
        self.problems: list[str] = []
        """What nobody caught."""
        self.numbers = itertools.count()
        self._draw, self._slow_s, self._is_dead, self._note = draw, slow_s, is_dead, note
        self._now_s = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()
        self._tasks: list[asyncio.Task[Any]] = []
        self._free_at_s: dict[Any, float] = {}

    def run_until_complete(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run until the coroutine is done.

        Raises:
            Killed: as asked for.
            Stuck: it will never be done.
        """
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(coroutine)
            while not task.done():
                self._step()
            return task.result()
        except BaseException:
            self.bury()
            raise
        finally:
            asyncio._set_running_loop(None)

    def _step(self) -> None:
        if self.steps == self.kill_at_step or self._is_dead():
            raise Killed
        self.steps += 1
        if self.steps > self.steps_max:
            raise Stuck(f"still busy after {self.steps_max} steps")
        while not self._ready:
            if not self._timers:
                raise Stuck("everybody waits for somebody else")
            at_s, _, handle = heapq.heappop(self._timers)
            if not handle.cancelled():
                self._now_s = max(self._now_s, at_s)
                self._ready.append(handle)
        handle = self._ready.popleft()
        if not handle.cancelled():
            self._note(_name_of(handle._callback), self._now_s)
            handle._run()

    def bury(self) -> None:
        """End all tasks without running any of them on."""
        self.dead = True
        asyncio._set_running_loop(None)
        for task in self._tasks:
            if not task.done():
                with suppress(BaseException):
                    task.get_coro().close()
        self._ready.clear()
        self._timers.clear()

    def time(self) -> float:
        return self._now_s

    def call_soon(self, callback, *args, context=None):
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(self, delay, callback, *args, context=None):
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_at(self, when, callback, *args, context=None):
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def _timer_handle_cancelled(self, handle):
        pass

    def create_future(self):
        return _Future(loop=self)

    def create_task(self, coro, *, name=None, context=None):
        task = _Task(coro, loop=self, name=name, context=context)
        self._tasks = [other for other in self._tasks if not other.done()]
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor, func, *args):
        """Work of one executor is done in order, whichever thread would have done it."""
        future = self.create_future()

        def do() -> None:
            try:
                result, error = func(*args), None
            except Exception as raised:
                result, error = None, raised
            self.call_later(self._delay_s(), tell, result, error)

        def tell(result: Any, error: Exception | None) -> None:
            if not future.done():
                if error is None:
                    future.set_result(result)
                else:
                    future.set_exception(error)

        begin_s = max(self._free_at_s.get(executor, 0.0), self._now_s) + self._delay_s()
        self._free_at_s[executor] = begin_s
        self.call_at(begin_s, do)
        return future

    def _delay_s(self) -> float:
        return self._slow_s * self._draw.random() ** 3

    def call_exception_handler(self, context):
        if not self.dead:
            self.problems.append(f"{context.get('message')}: {context.get('exception')!r}")

    def get_debug(self):
        return False

    def is_running(self):
        return True

    def is_closed(self):
        return self.dead


def _name_of(callback: Callable[..., Any]) -> str:
    """What is called: of a task its coroutine."""
    while isinstance(callback, partial):
        callback = callback.func
    owner = getattr(callback, "__self__", None)
    return owner.get_coro().__qualname__ if isinstance(owner, asyncio.Task) else callback.__qualname__


class SimulatedThread:
    """In place of a `WriterThread` or a `Lane`: the same, on a simulated loop.

    Args:
        commits_apart: a real thread commits that needs no interpreter. It takes its time to hand over.
    """

    def __init__(self, loop: SimulatedLoop, *, commits_apart: bool = False) -> None:
        self._loop = loop
        self._commits_apart = commits_apart

    def run(self, work: Callable[[], Any]) -> "asyncio.Future[Any]":
        return self._loop.run_in_executor(self, work)

    def append(self, journal, batch) -> "asyncio.Future[None]":
        if journal.commit_descriptor is None or not self._commits_apart:
            return self.run(lambda: journal.append(batch))

        def append() -> None:
            journal.begin_append(batch)
            journal.end_append()

        return self.run(append)

    def stop(self) -> None:
        """Nobody waits here for a thread."""


class SimulatedLongThreads:
    """In place of `LongThreads`: each piece of work begins when it likes, and is done in one breath."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def run(self, work: Callable[[Callable[[], object]], Any]) -> "asyncio.Future[Any]":
        return self._loop.run_in_executor(object(), work, lambda: None)

    def stop(self) -> None:
        """Nobody waits here for a thread."""


class SimulatedTime:
    """In place of the module `time`, for `acd_service.clock`: a wall clock that others set, a monotonic one that
    begins anew with each process.
    """

    def __init__(self, wall_ns: int) -> None:
        self.step_ns = wall_ns
        self.loop: SimulatedLoop | None = None

    def monotonic_ns(self) -> int:
        return 0 if self.loop is None else int(self.loop.time() * 1e9)

    def time_ns(self) -> int:
        return self.step_ns + self.monotonic_ns()
