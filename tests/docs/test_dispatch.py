"""docs/dispatch.md and its example, against a real service."""

import subprocess
import sys
from pathlib import Path

from acd_service.batches import COMMANDS_MAX
from acd_service.demo.own_service import OwnService
from acd_service.rpc.dispatching import IN_FLIGHT_MAX

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_example_does_what_the_page_says() -> None:
    with OwnService(0, clock="wall") as service:
        ran = subprocess.run(
            [sys.executable, DOCS / "examples" / "dispatch.py", service.address, "1000"],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "{'taken': 2000}\n"


def test_the_page_names_the_bounds() -> None:
    page = (DOCS / "dispatch.md").read_text()
    assert f"1 to {COMMANDS_MAX:,} commands" in page
    assert f"takes {IN_FLIGHT_MAX} batches" in page
