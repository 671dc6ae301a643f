"""More calls at once than gRPC may hold for the service: turned away or served, each accounted for."""

import contextlib
import os
import select
import signal
from pathlib import Path

import pytest

from bench.door import child_process
from load import contact_calls
from load.grpc_wire import CANCELLED, OK, GrpcWire
from load.open_loop import Target
from load.overload import Experiment

# Fewer than gRPC would hold by itself.
CALLS, CONNECTIONS, PENDING_MAX = 900, 10, 50


@pytest.fixture
def service(tmp_path: Path):
    config = tmp_path / "config.yaml"
    config.write_text(f"pending_calls_max: {PENDING_MAX}\n")
    with child_process.service(tmp_path / "data", "--config", config) as process:
        contact_calls.apply_policy(process.address)
        yield process


def test_a_burst_is_served_or_turned_away_and_nothing_acknowledged_is_lost(service) -> None:
    """The service stands still while the calls come, so that it finds all of them at once."""
    trial = Experiment(Target(service.address, contact_calls.ENQUEUE), CONNECTIONS, 30_000, 1.0)
    with contextlib.ExitStack() as stack:
        stack.callback(trial.close)
        wires = [
            stack.enter_context(contextlib.closing(GrpcWire(service.address, contact_calls.ENQUEUE, 30_000)))
            for _ in range(CONNECTIONS)
        ]
        service_stopped = stack.enter_context(contextlib.ExitStack())
        service_stopped.callback(os.kill, service.pid, signal.SIGCONT)
        os.kill(service.pid, signal.SIGSTOP)
        for number in range(CALLS):
            wires[number % CONNECTIONS].begin(number, contact_calls.message())
        for wire in wires:
            wire.flush()
        service_stopped.close()
        answers = []
        while len(answers) < CALLS:
            readable, writable, _ = select.select(wires, [wire for wire in wires if wire.has_output], [], 30)
            assert readable or writable, f"only {len(answers)} of {CALLS} calls ended"
            for wire in wires:
                wire.flush()
            for wire in readable:
                answers += wire.receive()
        good = [answer.message for answer in answers if answer.status == OK]
        assert {answer.status for answer in answers} == {OK, CANCELLED}
        assert len(good) >= PENDING_MAX
        trial.take(good)
        ledger = trial.accounts()
        assert (ledger.acknowledged, ledger.lost(), ledger.disagreements) == (len(good), [], 0)
