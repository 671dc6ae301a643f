"""The systemd unit: valid, hardened, and naming only options and settings that there are."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from acd_service.cli import acd
from acd_service.config import Config

DEPLOY = Path(__file__).parents[2] / "service/deploy"
UNIT = DEPLOY / "acd.service"
EXPOSURE_MAX = 2.0
"""Of systemd's own scale from 0 to 10; a unit without any hardening has 9.6."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def settings() -> list[tuple[str, str]]:
    lines = [line for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return [(line.partition("=")[0], line.partition("=")[2]) for line in lines]


def test_its_command_is_one_that_acd_takes() -> None:
    command = dict(settings())["ExecStart"].split()
    assert command[:2] == ["/opt/acd/bin/acd", "serve"]
    shown = CliRunner().invoke(acd, ["serve", "--help"]).output
    assert all(word in shown for word in command if word.startswith("--"))


def test_the_settings_beside_it_are_valid_and_leave_time_to_stop() -> None:
    config = Config.load(DEPLOY / "acd.yaml")
    unit = dict(settings())
    assert config.data_dir == Path("/var/lib") / unit["StateDirectory"]
    assert config.stop_grace_s + 5 < int(unit["TimeoutStopSec"].removesuffix("s"))
    assert config.log.format == "json"
    assert config.metrics.listen


@needs_systemd
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    # systemd looks for the program: here it is this Python.
    unit = tmp_path / "acd.service"
    text = UNIT.read_text().replace("/opt/acd/bin/acd", sys.executable)
    text = re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE)
    unit.write_text(text)
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    complaints = [line for line in ran.stderr.splitlines() if "acd.service" in line]
    assert not complaints
    if "Failed to" not in ran.stderr:  # where systemd is not running, it cannot load what the unit stands on
        assert ran.returncode == 0, ran.stderr


@needs_systemd
def test_it_is_hardened_by_systemds_own_judgement(tmp_path: Path) -> None:
    shutil.copy(UNIT, tmp_path / "acd.service")
    ran = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(tmp_path / "acd.service")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = re.search(r"Overall exposure level for acd\.service: ([\d.]+)", ran.stdout)
    if found is None:
        pytest.skip(f"this systemd does not judge units offline: {ran.stderr.strip()}")
    assert float(found[1]) <= EXPOSURE_MAX, ran.stdout


def test_the_supervisor_hears_when_the_service_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    from acd_service.cli.supervisor import say_ready

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        say_ready()
        assert systemd.recv(100) == b"READY=1"
    monkeypatch.delenv("NOTIFY_SOCKET")
    say_ready()
