"""The process that replays the past is not left behind by a service that is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SERVICE = """
import asyncio, time
from pathlib import Path
from acd_service.past import Past, PastQuestion
from acd_service.service_error import ReplayFailed

if __name__ == "__main__":
    past = Past("acme", Path("there is no journal here"), "compiled", 10)
    try:
        asyncio.run(past.explain(PastQuestion(1, "contact1", ""), 2))
    except ReplayFailed:
        print("asked", flush=True)
    time.sleep(60)
"""


def state_and_parent(pid: int) -> tuple[str, int]:
    """As Linux tells it; a process that is gone counts as a dead one."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return "Z", 0
    return state, int(parent)


def replayers_of(parent: int) -> list[int]:
    """The pool's processes, of which one waits for the next question."""
    children = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    children = [pid for pid in children if state_and_parent(pid)[1] == parent and state_and_parent(pid)[0] != "Z"]
    return [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def comes_true(question: Callable[[], object]) -> bool:
    for _ in range(1_000):
        if question():
            return True
        time.sleep(0.02)
    return False


def test_it_ends_with_the_service(tmp_path: Path) -> None:
    program = tmp_path / "service.py"
    program.write_text(SERVICE)
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "asked\n"
        time.sleep(2)  # the one that answered ends, and the one that waits for the next question starts
        assert comes_true(lambda: replayers_of(service.pid))
        replayers = replayers_of(service.pid)
        os.kill(service.pid, signal.SIGKILL)
    try:
        assert comes_true(lambda: all(state_and_parent(pid)[0] == "Z" for pid in replayers)), "it outlived the service"
    finally:
        for pid in replayers:
            if state_and_parent(pid)[0] != "Z":
                os.kill(pid, signal.SIGKILL)
