"""Data directories to restart on: a snapshot of a workload's start state and a tail of its steady stream.

Made once and kept under `build/bench`, anew when the workload, the snapshot's or the journal's format changes: a large
one takes minutes.
"""

import os
import shutil
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from acd_core.engine import Engine
from acd_core.snapshot import BEHAVIOUR_VERSION, MAGIC
from acd_service import journal_sqlite
from acd_service.data_dir import snapshots_path
from acd_service.journal import TENANT_DEFAULT
from acd_service.journal_sqlite import SqliteJournal
from acd_service.uncommitted import Uncommitted
from bench.recording import FOLDER, SEED, workload_key
from bench.shapes import Shape
from bench.workload import Workload

_COMMANDS_A_COMMIT: Final = 256


def kept(shape: Shape, tail_commands: int) -> Path:
    """The data directory, which nobody may write to; made if there is none."""
    key = workload_key(shape, f"{BEHAVIOUR_VERSION} {MAGIC!r} {journal_sqlite.FORMAT_VERSION} {_COMMANDS_A_COMMIT}")
    folder = FOLDER / f"restart-{shape.name}-{tail_commands}-{key}"
    if not folder.exists():
        unfinished = folder.with_suffix(f".unfinished-{os.getpid()}")
        unfinished.mkdir(parents=True)
        try:
            _make(unfinished, shape, tail_commands)
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def copy_to_write(source: Path, target: Path) -> None:
    """Make a data directory that a service may write to; snapshots, which nobody changes, are shared with the source.

    Raises:
        OSError: there is such a directory, or the two are on different disks.
    """
    target.mkdir()
    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir()
        elif path.parent == snapshots_path(source):
            os.link(path, place)
        else:
            shutil.copyfile(path, place)


def _make(data_dir: Path, shape: Shape, tail_commands: int) -> None:
    engine, workload = Engine(SEED), Workload(shape, SEED)
    for at_ns, command in workload.start(engine.next_timer):
        workload.learn(engine.apply(at_ns, command).events)
    journal = SqliteJournal.open(data_dir, synchronous="OFF")
    try:
        journal.admit(TENANT_DEFAULT, SEED)
        journal.save_snapshot(TENANT_DEFAULT, engine)
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
    finally:
        journal.close()
