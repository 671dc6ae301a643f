"""From the start of the process to serving, with a large snapshot and a long tail of commands behind it."""

import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from acd_core.engine import Engine
from acd_service.journal import TENANT_DEFAULT
from acd_service.journal_sqlite import SqliteJournal
from acd_service.uncommitted import Uncommitted
from bench.door import child_process
from bench.shapes import Shape
from bench.workload import Workload

SEED = 1
_COMMANDS_A_COMMIT = 256


@dataclass(frozen=True, slots=True)
class Restart:
    """One restart of the service on a data directory made for it."""

    workload: str
    tail_commands: int
    snapshot_bytes: int
    journal_bytes: int
    restart_seconds: float


def measure(shape: Shape, tail_commands: int) -> Restart:
    """Make a journal with a snapshot of the workload's start state and a tail of its steady stream; start on it.

    The service is started with a driven clock: else all that fell due since the workload's days would be done first.
    """
    with tempfile.TemporaryDirectory(prefix="acd-restart-") as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        snapshot_bytes, journal_bytes = _make(data_dir, shape, tail_commands)
        began_s = time.perf_counter()
        with child_process.service(data_dir, "--clock", "external"):
            taken_s = time.perf_counter() - began_s
    return Restart(shape.name, tail_commands, snapshot_bytes, journal_bytes, taken_s)


def _make(data_dir: Path, shape: Shape, tail_commands: int) -> tuple[int, int]:
    engine, workload = Engine(SEED), Workload(shape, SEED)
    for at_ns, command in workload.start(engine.next_timer):
        workload.learn(engine.apply(at_ns, command).events)
    journal = SqliteJournal.open(data_dir, synchronous="OFF")
    try:
        journal.admit(TENANT_DEFAULT, SEED)
        snapshot = journal.save_snapshot(TENANT_DEFAULT, engine)
        seat: Any = SimpleNamespace(tenant=TENANT_DEFAULT, engine=engine)
        # The stream reacts to what the engine answers, so each command is applied before the next is drawn.
        made = Uncommitted()
        for number, (at_ns, command) in enumerate(islice(workload.stream(engine.next_timer), tail_commands), 1):
            answer = engine.apply(at_ns, command)
            workload.learn(answer.events)
            made.record(seat, command, answer)
            if number % _COMMANDS_A_COMMIT == 0 or number == tail_commands:
                journal.append(made.batch())
                made = Uncommitted()
        return snapshot.size_bytes, journal.size_bytes()
    finally:
        journal.close()
