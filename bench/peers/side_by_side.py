"""Many callers at once on the router in PostgreSQL: each waits for its answer and goes by it, as callers do.

With one transaction for each command a single connection would spend its time waiting for the disk; several share
their syncs. What they decide depends on who comes first, so no recorded stream fits: each connection draws the rounds
of the workload (arrive, complete, end the wrap-up, accept what was offered; now and then a caller hangs up, an agent
goes away and comes back or learns something) with the requirements and priorities that were recorded.
"""

import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from bench.draws import Draws
from bench.peers.postgres_router import PeerRefused, PostgresRouter, inconsistencies
from bench.peers.postgres_server import PostgresServer
from bench.peers.same_stream import SameStream
from bench.workload import Shape

CONNECTIONS: Final = (4, 8, 16, 32)
"""How many are tried."""
_RECENT: Final = 20
"""Out of so many of its own newest contacts a connection picks the one who hangs up."""

Held = tuple[int, int]
"""Contact and agent."""


@dataclass(frozen=True, slots=True)
class Ran:
    """So many calls, the seconds by the clock, and those of processor time on the server's side."""

    calls: int
    took_s: float
    cpu_s: float


@dataclass(slots=True)
class _Caller:
    """One connection's part of the work."""

    router: PostgresRouter
    draws: Draws
    held: list[Held]
    made: int = 0
    refused: int = 0
    recent: list[int] = field(default_factory=list)
    error: BaseException | None = None


class SideBySide:
    """A database with the start state, and callers who work on it together."""

    def __init__(
        self, server: PostgresServer, database: str, shape: Shape, stream: SameStream, *, is_synchronous: bool
    ) -> None:
        self.connections = CONNECTIONS[0]
        self._server = server
        self._database = database
        self._shape = shape
        self._is_synchronous = is_synchronous
        self._held = [
            (row.contact, row.agent)
            for row in stream.state.contacts()
            if row.state == "active" and row.agent is not None
        ]
        self._asked = itertools.cycle([call.values[2:] for call in stream.calls if call.name == "arrive"])
        self._contacts = itertools.count(1 + max(row.contact for row in stream.state.contacts()))
        self._profiles = 1 + max(row.profile for row in stream.state.agents())
        self._now_ms = stream.calls[0].values[0]
        self._runs = 0
        self.refused = 0

    def run(self, calls: int) -> "Ran":
        """So many calls or a few more by all connections.

        Connections and their prepared statements are made before the clock starts.
        """
        self._runs += 1
        routers = [
            PostgresRouter(self._server, self._database, is_synchronous=self._is_synchronous)
            for _ in range(self.connections)
        ]
        callers = [
            _Caller(router, Draws(self._runs * 1_000 + place), self._held[place :: self.connections])
            for place, router in enumerate(routers)
        ]
        share = -(-calls // self.connections)
        barrier = threading.Barrier(self.connections + 1)
        threads = [threading.Thread(target=self._work, args=(caller, share, barrier)) for caller in callers]
        for thread in threads:
            thread.start()
        barrier.wait()
        processor, from_s = self._server.processor(), time.perf_counter()
        for thread in threads:
            thread.join()
        made = sum(caller.made for caller in callers)
        ran = Ran(made, time.perf_counter() - from_s, processor.used_s())
        for router in routers:
            router.__exit__(None, None, None)
        for caller in callers:
            if caller.error is not None:
                raise caller.error
        self._held = [held for caller in callers for held in caller.held]
        self._now_ms += share
        self.refused += sum(caller.refused for caller in callers)
        return ran

    def calibrate(self, calls: int) -> None:
        """Choose the number of connections with which calls, which are carried out, get through fastest."""
        rates: dict[int, float] = {}
        for connections in CONNECTIONS:
            if connections <= len(self._held):
                self.connections = connections
                ran = self.run(calls)
                rates[connections] = ran.calls / ran.took_s
        self.connections = max(rates, key=lambda connections: rates[connections])

    def check(self) -> None:
        """Agents and contacts must agree at the end on who serves whom."""
        with self._server.connect(self._database) as connection:
            wrong = inconsistencies(connection)
        assert not wrong, f"{wrong} agents or contacts are not in order"

    def _work(self, caller: _Caller, share: int, barrier: threading.Barrier) -> None:
        try:
            # Once, so that plans are there.
            caller.router.call("presence", self._now_ms, caller.held[0][1], 1)
            barrier.wait()
            while caller.made < share:
                self._round(caller)
        except BaseException as error:
            barrier.abort()
            caller.error = error

    def _round(self, caller: _Caller) -> None:
        shape, draws = self._shape, caller.draws
        contact = next(self._contacts)
        requirement, priority = next(self._asked)
        self._call(caller, "arrive", contact, requirement, priority)
        caller.recent = [*caller.recent[1 - _RECENT :], contact]
        if draws.chance(shape.cancel_thousandths):
            gone = draws.pick(caller.recent)
            caller.recent.remove(gone)
            try:
                self._call(caller, "cancel", gone)
            except PeerRefused:
                caller.refused += 1  # an agent was faster
        elif caller.held:
            place = draws.below(len(caller.held))
            caller.held[place], caller.held[-1] = caller.held[-1], caller.held[place]
            served, agent = caller.held.pop()
            self._call(caller, "complete", served)
            self._call(caller, "finish", served, agent)
        if caller.held and draws.chance(shape.away_thousandths):
            agent = draws.pick(caller.held)[1]
            self._call(caller, "presence", agent, 0)
            self._call(caller, "presence", agent, 1)
        if caller.held and draws.chance(shape.reskill_thousandths):
            self._call(caller, "reskill", draws.pick(caller.held)[1], draws.below(self._profiles))

    def _call(self, caller: _Caller, name: str, *values: int) -> None:
        caller.made += 1
        at_ms = self._now_ms + caller.made
        offer = caller.router.call(name, at_ms, *values)
        while offer is not None:
            contact, agent, number = offer
            caller.made += 1
            try:
                offer = caller.router.call("accept", at_ms, contact, agent, number)
            except PeerRefused:
                caller.refused += 1  # whose call was ringing has just hung up
                return
            caller.held.append((contact, agent))
