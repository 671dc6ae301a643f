"""What the type checker reads of the compiled driver is what it is (mypy's stubtest)."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_stub_says_what_the_driver_is() -> None:
    allowed = Path(__file__).with_name("stubtest_allowlist.txt")
    run = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--concise", "--ignore-disjoint-bases", "--allowlist", str(allowed),
         "acd_service.simulation.driver"],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": f"{ROOT}{os.pathsep}{ROOT / 'service'}"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
