"""The sides of the comparison, each with a durability of its own, as something that can be asked for a turn.

A turn is a part of the stream; a side goes on from where its last turn ended.
"""

import contextlib
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.batches import COMMANDS_PER_MESSAGE, Message
from bench.peers.our_router import OurRouter
from bench.peers.postgres_router import PostgresRouter, copy_database, load
from bench.peers.postgres_server import PostgresServer
from bench.peers.private_server import Processor
from bench.peers.redis_router import RedisRouter
from bench.peers.same_stream import SameStream
from bench.peers.side_by_side import SideBySide
from bench.workload import Shape


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn took, for each command: by the clock, and of processor time on the router's side."""

    wall_us: float
    cpu_us: float


class WrongAssignments(AssertionError):
    """A side did not decide as ours does: its figures mean nothing."""


class Side(ABC):
    """Who takes turns. `tried` says how it is driven, once that has been found out."""

    tried = ""

    @abstractmethod
    def turn(self, first_message: int, last_message: int) -> Turn:
        """The messages from one place to before another, or as many calls as suit the side.

        Raises:
            WrongAssignments: the side can be checked, and decided otherwise.
        """

    def calibrate(self, messages: int) -> None:  # noqa: B027  (most have nothing to choose)
        """Find the best way to drive it with the first messages, which are carried out: turns come behind them."""

    def close(self) -> None:  # noqa: B027
        """Look at the end, and let go."""


class OurSide(Side):
    """Ours, in a process that is ready."""

    def __init__(self, router: OurRouter, stream: SameStream, messages: list[Message]) -> None:
        self._router = router
        self._stream = stream
        self._messages = messages
        self._done = 0

    def calibrate(self, messages: int) -> None:
        self._router.run(self._messages[:messages])
        self._done = messages

    def turn(self, first_message: int, last_message: int) -> Turn:
        processor, clock = self._router.processor(), time.perf_counter()
        self._router.run(self._messages[first_message:last_message])
        found = _turn(clock, processor, (last_message - first_message) * COMMANDS_PER_MESSAGE)
        self._done = last_message
        return found

    def close(self) -> None:
        if self._done == len(self._messages) and self._router.event_hash() != self._stream.event_hash:
            raise WrongAssignments("our router came to another hash of events")


class RedisSide(Side):
    """Redis, loaded."""

    def __init__(self, router: RedisRouter, stream: SameStream) -> None:
        self._router = router
        self._stream = stream
        self._requests = router.prepare(stream.calls)

    def calibrate(self, messages: int) -> None:
        self._router.calibrate(self._requests[: messages * COMMANDS_PER_MESSAGE])
        self.tried = f"{self._router.depth} in flight"

    def turn(self, first_message: int, last_message: int) -> Turn:
        first, last = first_message * COMMANDS_PER_MESSAGE, last_message * COMMANDS_PER_MESSAGE
        part = self._requests[first:last]
        processor, clock = self._router.processor(), time.perf_counter()
        offers = self._router.run(part)
        found = _turn(clock, processor, len(part))
        if offers != self._stream.offers_of(first, last):
            raise WrongAssignments(f"Redis decided otherwise between the calls {first} and {last}")
        return found


class PostgresBatches(Side):
    """PostgreSQL with one connection and 256 commands a transaction: the same stream, by a single writer."""

    tried = "1 connection, 256 commands a transaction"

    def __init__(self, server: PostgresServer, router: PostgresRouter, stream: SameStream, share: int) -> None:
        self._server = server
        self._router = router
        self._stream = stream
        self._share = share
        self._next = 0

    def calibrate(self, messages: int) -> None:
        self._run(-(-messages // self._share))

    def turn(self, first_message: int, last_message: int) -> Turn:
        return self._run(-(-(last_message - first_message) // self._share))

    def _run(self, messages: int) -> Turn:
        first = self._next
        self._next = last = first + messages * COMMANDS_PER_MESSAGE
        part = self._stream.calls[first:last]
        processor, clock = self._server.processor(), time.perf_counter()
        offers = self._router.run(part)
        found = _turn(clock, processor, len(part))
        if offers != self._stream.offers_of(first, last):
            raise WrongAssignments(f"PostgreSQL decided otherwise between the calls {first} and {last}")
        return found


class PostgresCallers(Side):
    """PostgreSQL with a transaction for each command, and as many connections as suit it."""

    def __init__(self, callers: SideBySide, share: int) -> None:
        self._callers = callers
        self._share = share

    def calibrate(self, messages: int) -> None:
        self._callers.calibrate(max(200, messages * COMMANDS_PER_MESSAGE // self._share))
        self.tried = f"{self._callers.connections} connections, a transaction a command"

    def turn(self, first_message: int, last_message: int) -> Turn:
        ran = self._callers.run((last_message - first_message) * COMMANDS_PER_MESSAGE // self._share)
        return Turn(ran.took_s / ran.calls * 1e6, ran.cpu_s / ran.calls * 1e6)

    def close(self) -> None:
        self._callers.check()


def _turn(from_s: float, processor: Processor, commands: int) -> Turn:
    return Turn((time.perf_counter() - from_s) / commands * 1e6, processor.used_s() / commands * 1e6)


class Field(contextlib.ExitStack):
    """All sides of one workload, by name, started as they are asked for; a context that ends them."""

    def __init__(self, shape: Shape, stream: SameStream, messages: list[Message], folder: Path) -> None:
        super().__init__()
        self._shape = shape
        self._stream = stream
        self._messages = messages
        self._folder = folder
        self.sides: dict[str, Side] = {}

    def __enter__(self) -> Self:
        return self

    def add_ours(self, *durabilities: str) -> None:
        """As `ours_<durability>`."""
        routers = {}
        for durability in durabilities:
            router = OurRouter(self._shape.name, self._place(f"o{durability}"), durability)
            routers[durability] = self.enter_context(router)
        for durability, router in routers.items():
            router.wait()
            self.sides[f"ours_{durability}"] = OurSide(router, self._stream, self._messages)

    def add_redis(self, *persistences: str) -> None:
        """As `redis_<persistence>`; `events` is `everysec` with a stream of events."""
        for persistence in persistences:
            tells = persistence == "events"
            place = self._place(f"r{persistence}")
            router = self.enter_context(RedisRouter(place, "everysec" if tells else persistence, tells=tells))
            router.load(self._stream.state, self._stream.catalogue)
            self.sides[f"redis_{persistence}"] = RedisSide(router, self._stream)

    def add_postgres(self, share: int) -> None:
        """As `postgres_on`, `postgres_off` (commits wait for the disk, or not) and `postgres_batched`.

        Args:
            share: they are given only each so many-th command of a turn, since they take longer.
        """
        server = self.enter_context(PostgresServer(self._place("p")))
        load(server, "on_", self._stream.state, self._stream.catalogue)
        for name in ("off_", "batched"):
            copy_database(server, "on_", name)
        for name, is_synchronous in (("on", True), ("off", False)):
            # `on` and `off` alone are words of SQL.
            callers = SideBySide(server, f"{name}_", self._shape, self._stream, is_synchronous=is_synchronous)
            self.sides[f"postgres_{name}"] = PostgresCallers(callers, share)
        router = self.enter_context(PostgresRouter(server, "batched"))
        self.sides["postgres_batched"] = PostgresBatches(server, router, self._stream, share)

    def _place(self, name: str) -> Path:
        place = self._folder / name
        place.mkdir()
        return place
