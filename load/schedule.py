"""Sends calls on a fixed schedule, whatever becomes of them, and times each from when it should have been sent.

So a stall counts against every call that was due behind it (no coordinated omission). Also the opposite, a closed loop,
to learn how much a server bears.
"""

import gc
import itertools
import select
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc

from load.grpc_wire import DEADLINE_EXCEEDED, OK, UNAVAILABLE, Answered, ConnectionLost, GrpcWire
from load.histogram import Histogram

_LATE_NS: Final = 1_000_000
_BURST_MAX: Final = 64
"""After so many calls in a row the driver looks for answers."""
_LEAD_NS: Final = 20_000_000
_IDLE_S: Final = 0.02
"""So long the driver waits at most before it looks for calls whose deadline has passed."""
_CODES: Final = {int(code.value[0]): code.name for code in grpc.StatusCode}


@dataclass(slots=True)
class Outcome:
    """What a run came to. A good answer is OK and came before the call's deadline.

    Attributes:
        planned: calls that the schedule had.
        sent: calls that were handed to a connection.
        refused: calls that ended otherwise than OK, by status code; DEADLINE_EXCEEDED also if no answer came in time.
        good_in_time: good answers that came before the schedule ended.
        times: of good answers, and of calls that were given up, each from when it should have been sent.
        late: how long after that the driver sent it. A driver that cannot keep up shows here.
        late_starts: calls sent more than 1 ms after their time.
    """

    planned: int = 0
    sent: int = 0
    good: int = 0
    good_in_time: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    times: Histogram = field(default_factory=Histogram)
    late: Histogram = field(default_factory=Histogram)
    late_starts: int = 0
    lost_connections: int = 0

    @property
    def good_per_s(self) -> float:
        """Good answers a second, while the schedule ran."""
        return self.good_in_time / self.seconds if self.seconds else 0.0

    @property
    def answered(self) -> int:
        """Calls that the service answered, well or not, whose time was over, or which it could not be sent."""
        return self.good + sum(self.refused.values())

    @property
    def kept_up(self) -> bool:
        """The driver sent 99 of 100 calls within 5 ms of their time."""
        return self.late.quantile_ns(0.99) <= 5_000_000

    def figures(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "planned": self.planned,
            "sent": self.sent,
            "answered": self.answered,
            "good": self.good,
            "good_per_s": round(self.good_per_s, 1),
            "refused": dict(self.refused),
            **self.times.figures_ms(),
            "driver_kept_up": self.kept_up,
            "driver_late_starts": self.late_starts,
            "driver_late_p99_ms": self.late.figures_ms()["p99_ms"],
            "driver_late_max_ms": self.late.figures_ms()["max_ms"],
            "lost_connections": self.lost_connections,
        }


def code_name(status: int) -> str:
    """`RESOURCE_EXHAUSTED` for 8."""
    return _CODES.get(status, f"code {status}")


class Driver:
    """Drives one method over some connections.

    Args:
        on_good: called with the response of each good answer, after it was timed.
        metadata: sent with each call.
    """

    def __init__(
        self,
        address: str,
        path: str,
        message: bytes,
        *,
        connections: int = 10,
        deadline_ms: int = 1_000,
        on_good: Callable[[bytes], None] = lambda _message: None,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._message = message
        self._deadline_ns = deadline_ms * 1_000_000
        self._on_good = on_good
        self._wires = [GrpcWire(address, path, deadline_ms, metadata) for _ in range(connections)]

    def close(self) -> None:
        """Close the connections."""
        for wire in self._wires:
            wire.close()

    def open_loop(self, rate: float, seconds: float) -> Outcome:
        """`rate` calls a second for `seconds`, evenly spaced, over the connections by turns."""
        planned = max(int(rate * seconds), 1)
        outcome = Outcome(planned=planned, seconds=seconds)
        with _no_pauses():
            start_ns = time.perf_counter_ns() + _LEAD_NS
            _OpenLoop(self._wires, self._message, self._deadline_ns, self._on_good, outcome).run(
                start_ns, 1e9 / rate, planned
            )
        return outcome

    def closed_loop(self, in_flight: int, seconds: float) -> float:
        """Good answers a second when each connection always has `in_flight` calls under way."""
        wires, good, tags = list(self._wires), 0, itertools.count()
        with _no_pauses():
            for wire in wires:
                for _ in range(in_flight):
                    wire.begin(next(tags), self._message)
                wire.flush()
            began_ns = time.perf_counter_ns()
            end_ns = began_ns + int(seconds * 1e9)
            while (now_ns := time.perf_counter_ns()) < end_ns or any(wire.in_flight for wire in wires):
                if now_ns > end_ns + self._deadline_ns:
                    break
                for wire in _readable(wires, _IDLE_S):
                    for answer in wire.receive():
                        if now_ns < end_ns:
                            wire.begin(next(tags), self._message)
                            good += answer.status == OK
                        if answer.status == OK:
                            self._on_good(answer.message)
                    wire.flush()
        return good / seconds


class _OpenLoop:
    def __init__(
        self,
        wires: Sequence[GrpcWire],
        message: bytes,
        deadline_ns: int,
        on_good: Callable[[bytes], None],
        outcome: Outcome,
    ) -> None:
        self._wires = list(wires)
        self._message = message
        self._deadline_ns = deadline_ns
        self._on_good = on_good
        self._outcome = outcome
        self._due: deque[tuple[int, GrpcWire]] = deque()
        """Calls under way, oldest first: when they should have been sent, and where they are."""

    def run(self, start_ns: int, gap_ns: float, planned: int) -> None:
        self._start_ns, self._gap_ns = start_ns, gap_ns
        end_ns = start_ns + int(planned * gap_ns)
        number = 0
        while self._wires:
            now_ns = time.perf_counter_ns()
            number = self._send(number, planned, now_ns)
            self._give_up_old(now_ns)
            if number == planned and not any(wire.in_flight for wire in self._wires):
                break
            wait_ns = max(self._at(number) - time.perf_counter_ns(), 0) if number < planned else int(_IDLE_S * 1e9)
            self._read(min(wait_ns / 1e9, _IDLE_S), end_ns)
        if number < planned:  # no connection is left
            self._outcome.refused[code_name(UNAVAILABLE)] += planned - number

    def _at(self, number: int) -> int:
        return self._start_ns + int(number * self._gap_ns)

    def _send(self, number: int, planned: int, now_ns: int) -> int:
        """Begin the calls that are due, some at a time; give the number of the next."""
        outcome, wires = self._outcome, list(self._wires)
        used = set()
        for _ in range(_BURST_MAX):
            if number == planned or self._at(number) > now_ns:
                break
            at_ns = self._at(number)
            wire = wires[number % len(wires)]
            wire.begin(at_ns, self._message)
            used.add(wire)
            self._due.append((at_ns, wire))
            outcome.sent += 1
            outcome.late.record(now_ns - at_ns)
            outcome.late_starts += now_ns - at_ns > _LATE_NS
            number += 1
        for wire in used:
            self._flush(wire)
        return number

    def _flush(self, wire: GrpcWire) -> None:
        try:
            wire.flush()
        except ConnectionLost:
            self._lose(wire)

    def _give_up_old(self, now_ns: int) -> None:
        """Cancel what was not answered by its deadline, as callers do; it counts with the time that it took so far."""
        while self._due and self._due[0][0] + self._deadline_ns < now_ns:
            at_ns, wire = self._due.popleft()
            if wire.give_up(at_ns):
                self._outcome.refused[code_name(DEADLINE_EXCEEDED)] += 1
                self._outcome.times.record(now_ns - at_ns)
                self._flush(wire)

    def _read(self, wait_s: float, end_ns: int) -> None:
        for wire in _readable(self._wires, wait_s):
            try:
                answers = wire.receive()
            except ConnectionLost:
                self._lose(wire)
                continue
            if wire.has_output:
                self._flush(wire)
            now_ns = time.perf_counter_ns()
            for answer in answers:
                self._take(answer, now_ns, end_ns)

    def _take(self, answer: Answered, now_ns: int, end_ns: int) -> None:
        outcome = self._outcome
        if answer.status != OK:
            outcome.refused[code_name(answer.status)] += 1
            if answer.status == DEADLINE_EXCEEDED:
                outcome.times.record(now_ns - answer.tag)
            return
        self._on_good(answer.message)
        outcome.times.record(now_ns - answer.tag)
        outcome.good += 1
        outcome.good_in_time += now_ns <= end_ns

    def _lose(self, wire: GrpcWire) -> None:
        self._outcome.refused[code_name(UNAVAILABLE)] += wire.abandon()
        if wire in self._wires:
            self._wires.remove(wire)
            self._outcome.lost_connections += 1


def _readable(wires: Sequence[GrpcWire], wait_s: float) -> Sequence[GrpcWire]:
    """Those with something to read, and those that can be written again."""
    blocked = [wire for wire in wires if wire.has_output]
    readable, writable, _ = select.select(wires, blocked, (), wait_s)
    return [*readable, *(wire for wire in writable if wire not in readable)] if writable else readable


@contextmanager
def _no_pauses() -> Iterator[None]:
    """Without Python's collector of cycles: its pauses would count against the service."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
