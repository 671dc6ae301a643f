"""No process that a service starts is left behind by a service that is killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from acd_service.child import run_module

SERVICE = """
import asyncio, sys, time
from pathlib import Path
from acd_service.config import Config
from acd_service.moving.mover import Mover
from acd_service.past import Past, PastQuestion
from acd_service.service_error import ReplayFailed
from acd_service.snapshot_schedule import SnapshotSchedule

data = Path(sys.argv[1])
config = Config(data_dir=data)


async def explain():
    past = Past("acme", data / "nothing here", "compiled", 10)
    try:
        await past.explain(PastQuestion(1, "contact1", ""), 2)
    except ReplayFailed:
        time.sleep(60)


WORK = {
    "snapshotter": lambda: SnapshotSchedule("acme", config, None, None, 0).take(),
    "packing": lambda: Mover(None, config).pack("acme", {}, data / "out"),
    "proving": lambda: Mover(None, config).prove(data / "journal.sqlite", data / "out"),
    "spawn_main": explain,
}
if __name__ == "__main__":
    asyncio.run(WORK[sys.argv[2]]())
"""


def state_and_parent(pid: int) -> tuple[str, int]:
    """As Linux tells it; a process that is gone counts as a dead one."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return "Z", 0
    return state, int(parent)


def children_of(parent: int, word: str) -> list[int]:
    """Those that live, and whose command line has a word in it."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    pids = [pid for pid in pids if state_and_parent(pid)[1] == parent and state_and_parent(pid)[0] != "Z"]
    return [pid for pid in pids if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


def comes_true(question: Callable[[], object]) -> bool:
    for _ in range(1_000):
        if question():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("word", ["snapshotter", "packing", "proving", "spawn_main"])
def test_it_ends_with_the_service(word: str, tmp_path: Path) -> None:
    """Those that read a journal or a file would wait for ever: what they are to read is a pipe that nobody writes."""
    program = tmp_path / "service.py"
    program.write_text(SERVICE)
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "journal.sqlite")
    if word == "proving":
        (tmp_path / "out").rmdir()
    with subprocess.Popen([sys.executable, str(program), str(tmp_path), word]) as service:
        assert comes_true(lambda: children_of(service.pid, word))
        time.sleep(2)  # it is at its work; of the past's, the one that waits for the next question has come
        children = children_of(service.pid, word)
        os.kill(service.pid, signal.SIGKILL)
    try:
        assert children
        assert comes_true(lambda: all(state_and_parent(pid)[0] == "Z" for pid in children)), "it outlived the service"
    finally:
        for pid in children:
            if state_and_parent(pid)[0] != "Z":
                os.kill(pid, signal.SIGKILL)


def test_what_it_says_and_how_it_ends_is_told() -> None:
    async def ask() -> None:
        done = await run_module("acd_service.snapshotter", "--help")
        assert (done.status, done.complaint) == (0, "")
        assert done.output.startswith("usage: acd_service.snapshotter")
        wrong = await run_module("acd_service.snapshotter", "--nonsense")
        assert (wrong.status, wrong.output) == (2, "")
        assert "--data" in wrong.complaint

    asyncio.run(ask())


def test_one_that_nobody_waits_for_any_more_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "journal.sqlite")

    async def ask() -> None:
        work = asyncio.ensure_future(run_module("acd_service.snapshotter", "--data", str(tmp_path)))
        while not children_of(os.getpid(), str(tmp_path)):
            await asyncio.sleep(0.02)
        work.cancel()
        await asyncio.wait([work])

    asyncio.run(ask())
    assert comes_true(lambda: not children_of(os.getpid(), str(tmp_path)))
