"""What the type checker reads of the compiled modules is what they are (mypy's stubtest)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPILED = sorted(path.stem for path in (ROOT / "acd_core").glob("*.pyx"))


def test_every_compiled_module_has_a_stub() -> None:
    assert COMPILED
    assert [name for name in COMPILED if not (ROOT / "acd_core" / f"{name}.pyi").exists()] == []


def test_stubs_say_what_the_compiled_modules_are() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy.stubtest",
            "--concise",
            "--ignore-disjoint-bases",
            "--allowlist",
            "tests/core/stubtest_allowlist.txt",
            *(f"acd_core.{name}" for name in COMPILED),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
