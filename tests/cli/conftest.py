"""The `acd` program as people run it, and a service for it to talk to."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from acd_service.demo.own_service import OwnService

POLICY = """\
queues:
  sales:
    requirement: sales>=50
    wrap_up: 30s
  support: {requirement: support, membership: listed}
"""


@dataclass(frozen=True)
class Ran:
    """How a run of the program ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as the one JSON document that it has to be."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def acd(tmp_path: Path) -> Run:
    """Runs `acd` with the arguments given, in a directory of the test's own."""

    def run(*args: str | Path, stdin: str = "", **environment: str) -> Ran:
        process = subprocess.run(
            [sys.executable, "-m", "acd_service.cli", *map(str, args)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            env={key: value for key, value in os.environ.items() if key != "ACD_SERVER"} | environment,
        )
        return Ran(process.returncode, process.stdout, process.stderr)

    return run


@pytest.fixture(scope="module")
def service() -> Iterator[OwnService]:
    """A service that keeps its own time, on a free port."""
    with OwnService(0, clock="wall") as running:
        yield running


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path
