"""The mix of `make load`, very short, against a real server; and that its criteria can fail."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_load(report: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "load.run", "--json", "--report", str(report), "--pace", "0.3", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout, f"{done.stderr}\n{(report / 'locust.log').read_text()}"
    return done.returncode, json.loads(done.stdout)


def test_a_short_mix_passes_and_leaves_a_report(tmp_path: Path) -> None:
    status, result = run_load(tmp_path, "--users", "40", "--seconds", "3")
    assert (status, result["passed"], result["reasons"]) == (0, True, [])
    assert result["failures"] == 0
    assert result["by_name"]["CompleteContact"]["requests"] > 0
    assert "AcceptOffer" in (tmp_path / "report.html").read_text()


def test_a_lost_event_and_a_failed_call_fail_the_run(tmp_path: Path) -> None:
    faulty = ROOT / "tests" / "load" / "faulty_users.py"
    status, result = run_load(tmp_path, "--users", "30", "--seconds", "2", "--locustfile", str(faulty))
    assert (status, result["passed"]) == (1, False)
    reasons = "\n".join(result["reasons"])
    assert "Subscribe (events): missed events: skipped (1 times)" in reasons
    assert "EnqueueContact: UNKNOWN_QUEUE" in reasons


@pytest.mark.slow
def test_workers_settle_their_accounts_before_the_master_goes(tmp_path: Path) -> None:
    status, result = run_load(tmp_path, "--users", "40", "--seconds", "5", "--processes", "2")
    assert (status, result["reasons"]) == (0, [])
    assert result["by_name"]["accounts"]["requests"] == 2
