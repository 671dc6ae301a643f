"""What the service does at twice the rate that it bears: how many good answers are left, and whether any was a lie.

`python -m load.overload --json`: finds the peak by steps, then offers the peak and twice as much in turn, so that what
else the machine does falls on both; the ratio of the good answers is what counts. Then half of it, to see that the
service has recovered. Every acknowledgement of all these runs is held against the events. With `--front` calls go
through the limit that is ready to be put in front of the service.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import grpc

from acd.v1 import admin_service_pb2_grpc, event_service_pb2_grpc
from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.event_pb2 import EVENT_TYPE_CONTACT_CLOSED, EVENT_TYPE_CONTACT_ENQUEUED
from acd.v1.event_service_pb2 import SubscribeRequest
from load import contact_calls
from load.front import front_of
from load.ledger import Ledger
from load.open_loop import Target, target
from load.schedule import Driver, Outcome

STEP: Final = 1.2
"""Each step offers so much more than the one before."""
SHARE_BORNE: Final = 0.9
"""A step that has fewer good answers than this share of its calls was too much."""
CALM_S_MAX: Final = 1.0
"""Between runs, for what was late to pass."""
_READ_S: Final = 120.0


class Costed(NamedTuple):
    """A run, and the seconds of processor time that it took of the service and of the driver."""

    outcome: Outcome
    service_cpu_s: float
    driver_cpu_s: float

    @property
    def good_per_cpu_s(self) -> float:
        """Good answers for each second of the service's processor."""
        return self.outcome.good / max(self.service_cpu_s, 1e-3)


class Turn(NamedTuple):
    """A run at the peak and one beyond it."""

    at_peak: Costed
    beyond: Costed


class Experiment:
    """Runs against one service, with the accounts of all that it acknowledged.

    Args:
        seconds: how long each run takes.
        front: where the calls go, if not to the service itself.
    """

    def __init__(self, whom: Target, connections: int, deadline_ms: int, seconds: float, front: str = "") -> None:
        self._whom = whom
        self._front = front or whom.address
        self._connections = connections
        self._deadline_ms = deadline_ms
        self._seconds = seconds
        self._responses: list[bytes] = []
        self._channel = grpc.insecure_channel(whom.address)
        self._first_event_seq = self._status().event_seq + 1

    def close(self) -> None:
        """Close the connection for questions."""
        self._channel.close()

    def closed_loop(self) -> float:
        """Good answers a second when the service is never without work, with 20 calls on each connection."""
        with self._driver() as driver:
            rate = driver.closed_loop(20, self._seconds)
        time.sleep(min(CALM_S_MAX, self._seconds))
        return rate

    def run(self, rate: float) -> Outcome:
        """One run at a rate, and a rest."""
        with self._driver() as driver:
            outcome = driver.open_loop(rate, self._seconds)
        time.sleep(min(CALM_S_MAX, self._seconds))
        return outcome

    @contextlib.contextmanager
    def _driver(self) -> Iterator[Driver]:
        driver = Driver(
            self._front,
            self._whom.path,
            contact_calls.message(),
            connections=self._connections,
            deadline_ms=self._deadline_ms,
            on_good=self._responses.append,
        )
        with contextlib.closing(driver):
            yield driver

    def turn(self, peak: float, factor: float) -> Turn:
        """The peak, then `factor` times as much."""
        return Turn(self._costed(peak), self._costed(peak * factor))

    def _costed(self, rate: float) -> Costed:
        service_s, driver_s = self._cpu_s(), time.process_time()
        outcome = self.run(rate)
        return Costed(outcome, self._cpu_s() - service_s, time.process_time() - driver_s)

    def _cpu_s(self) -> float:
        return self._whom.cpu_s() if self._whom.cpu_s is not None else 0.0

    def find_peak(self, steps_max: int) -> list[tuple[float, Outcome]]:
        """Rates and what came of them, up to one that is more than twice what was answered well at any of them."""
        rate = max(self.closed_loop() / 2, 10.0)
        steps: list[tuple[float, Outcome]] = []
        failed = 0
        while len(steps) < steps_max and failed < 2:
            outcome = self.run(rate)
            steps.append((rate, outcome))
            if outcome.good_per_s < SHARE_BORNE * rate:
                failed += 1
            else:
                failed = 0
                rate *= STEP
        # On a machine that does other work too a step may have failed for that: twice the peak must not give more.
        best = max(outcome.good_per_s for _, outcome in steps)
        for _ in range(steps_max):
            outcome = self.run(2 * best)
            steps.append((2 * best, outcome))
            if outcome.good_per_s <= best * STEP:
                break
            best = outcome.good_per_s
        return steps

    def _status(self) -> Any:
        stub = admin_service_pb2_grpc.AdminServiceStub(self._channel)
        return stub.GetStatus(GetStatusRequest(), timeout=30, wait_for_ready=True)

    def take(self, responses: Iterable[bytes]) -> None:
        """Responses of good answers that came in another way, for the accounts."""
        self._responses += responses

    def accounts(self) -> Ledger:
        """Everything that was acknowledged, held against the events."""
        ledger = Ledger(contact_calls.ID_PREFIX)
        for response in self._responses:
            ledger.acknowledge(*contact_calls.acknowledged(response))
        last = self._status().event_seq
        wanted = [EVENT_TYPE_CONTACT_ENQUEUED, EVENT_TYPE_CONTACT_CLOSED]
        request = SubscribeRequest(from_event_seq=self._first_event_seq, types=wanted)
        stream = event_service_pb2_grpc.EventServiceStub(self._channel).Subscribe(request, timeout=_READ_S)
        for message in stream:
            ledger.take(message.events)
            if message.next_event_seq > last:
                break
        stream.cancel()
        return ledger

    def violations(self) -> dict[str, int]:
        """Counts that must be zero and are not."""
        return {name: count for name, count in self._status().invariant_violations.items() if count}


def experiment(trial: Experiment, factor: float, rounds: int, steps_max: int) -> dict[str, Any]:
    """All of it; the figures by name. The ratio is that of good answers beyond the peak and at the peak."""
    steps = trial.find_peak(steps_max)
    peak = max(max(outcome.good_per_s for _, outcome in steps), 1.0)
    turns = [trial.turn(peak, factor) for _ in range(rounds)]
    after = trial.run(peak / 2)
    ledger = trial.accounts()
    at_peak = [turn.at_peak.outcome for turn in turns]
    beyond = [turn.beyond.outcome for turn in turns]
    ratios = [much.good_per_s / max(enough.good_per_s, 1.0) for enough, much in zip(at_peak, beyond, strict=True)]
    cpu_ratios = [turn.beyond.good_per_cpu_s / max(turn.at_peak.good_per_cpu_s, 1e-9) for turn in turns]
    return {
        "peak_per_s": round(peak, 1),
        "offered_per_s": round(peak * factor, 1),
        "good_at_peak_per_s": round(statistics.median(one.good_per_s for one in at_peak), 1),
        "good_per_s": round(statistics.median(one.good_per_s for one in beyond), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_lowest": round(min(ratios), 3),
        "ratio_highest": round(max(ratios), 3),
        "cpu_ratio": round(statistics.median(cpu_ratios), 3),
        "refused_at_peak": _by_code(at_peak),
        "refused": _by_code(beyond),
        "driver_kept_up": all(one.kept_up for one in beyond),
        "driver_cpu_share": round(
            statistics.median(turn.beyond.driver_cpu_s / turn.beyond.outcome.seconds for turn in turns), 2
        ),
        "p99_ms": round(statistics.median(one.times.figures_ms()["p99_ms"] for one in beyond), 1),
        "recovered_share": round(after.good / after.planned, 4),
        "acknowledged": ledger.acknowledged,
        "lost": len(ledger.lost()),
        "disagreements": ledger.disagreements,
        "invariant_violations": trial.violations(),
        "steps": [
            {"rate": round(rate, 1), "good_per_s": round(outcome.good_per_s, 1), "kept_up": outcome.kept_up}
            for rate, outcome in steps
        ],
    }


def _by_code(runs: Iterable[Outcome]) -> dict[str, int]:
    refused: Counter[str] = Counter()
    for outcome in runs:
        refused.update(outcome.refused)
    return dict(refused)


def main() -> int:
    """Read the command line and run. Exit status 1 if anything acknowledged was lost."""
    parser = argparse.ArgumentParser(prog="load.overload", description=__doc__)
    parser.add_argument(
        "--target", default="", help="HOST:PORT; without it a server of its own. Its policy is replaced"
    )
    parser.add_argument("--front", action="store_true", help="through HAProxy, as service/deploy/haproxy.cfg has it")
    parser.add_argument("--front-calls", type=int, default=300, help="that it lets in at a time (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run (default %(default)s)")
    parser.add_argument("--factor", type=float, default=2.0, help="times the peak (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs at the peak and beyond (default %(default)s)")
    parser.add_argument("--steps", type=int, default=12, help="to the peak, at most (default %(default)s)")
    parser.add_argument("--connections", type=int, default=10, help="HTTP/2 connections (default %(default)s)")
    parser.add_argument("--deadline-ms", type=int, default=1_000, help="of each call (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args()
    with target("enqueue", options.target) as whom, contextlib.ExitStack() as stack:
        front = ""
        if options.front:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="acd-front-"))
            # All calls of the driver are one caller's.
            places = {"calls": options.front_calls, "calls_each": options.front_calls}
            front = stack.enter_context(front_of(whom.address, Path(folder), **places))
        trial = Experiment(whom, options.connections, options.deadline_ms, options.seconds, front)
        with contextlib.closing(trial):
            result = experiment(trial, options.factor, options.rounds, options.steps)
    result["load_average"] = os.getloadavg()[0]
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:22} {value}")
    return 1 if result["lost"] or result["disagreements"] or result["invariant_violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
