"""Instructions are counted and compared with what is recorded; a dump of callgrind is read rightly."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.instructions import parts

ROOT = Path(__file__).parents[2]
DUMP = """\
ob=(1) /lib/first.so
fn=(1) f
12 100
+3 20
cob=(2) /lib/second.cpython-311.so
cfn=(2) g
calls=2 0
* 5000
ob=(2)
fn=(2) g
7 1000
ob=(1)
fn=(3) h
-2 80
totals: 1200
"""


def test_parts_are_what_each_module_executed_itself() -> None:
    assert parts(DUMP, 10) == {"second": 100, "first": 20}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind")
def test_the_command_counts_and_compares() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.instructions", "--workload", "small"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    rows = {line.split()[1]: line.split() for line in done.stdout.splitlines() if line.startswith("small ")}
    assert {"floor", "batch", "accept_offer", "enqueue_contact"} <= rows.keys()
    assert all(int(row[3].replace(",", "")) > 0 for row in rows.values())
    assert "a command in batches, small:" in done.stdout
