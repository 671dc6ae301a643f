"""From the start of the process to serving, with a large snapshot and a long tail of commands behind it."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from acd_service.data_dir import journal_path, snapshots_path
from bench.door import child_process, data_to_restart
from bench.recording import FOLDER
from bench.shapes import Shape


@dataclass(frozen=True, slots=True)
class Restart:
    """One restart of the service on a data directory made for it."""

    workload: str
    tail_commands: int
    snapshot_bytes: int
    journal_bytes: int
    restart_seconds: float


def measure(shape: Shape, tail_commands: int) -> Restart:
    """Start on a journal with a snapshot of the workload's start state and a tail of its steady stream.

    The service is started with a driven clock: else all that fell due since the workload's days would be done first.
    """
    kept = data_to_restart.kept(shape, tail_commands)
    snapshot_bytes = sum(path.stat().st_size for path in snapshots_path(kept).iterdir())
    journal_bytes = journal_path(kept).stat().st_size
    with tempfile.TemporaryDirectory(prefix="restart-", dir=FOLDER) as folder:
        data_dir = Path(folder) / "data"
        data_to_restart.copy_to_write(kept, data_dir)
        began_s = time.perf_counter()
        with child_process.service(data_dir, "--clock", "external"):
            taken_s = time.perf_counter() - began_s
    return Restart(shape.name, tail_commands, snapshot_bytes, journal_bytes, taken_s)
