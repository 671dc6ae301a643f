"""`acd serve`: where it listens, how it ends, and one clear line for each reason not to start."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest


class Served:
    """A running `acd serve`."""

    def __init__(self, directory: Path, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "acd_service.cli", "serve", *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=directory,
            env=os.environ,
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        found = re.search(r"listening on (\S+)", self.first_line)
        self.address = found[1] if found else ""

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def served(tmp_path: Path):
    running = Served(tmp_path, "--data", "data", "--listen", "127.0.0.1:0")
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate()


def test_says_where_it_listens_and_stops_when_told(acd, served: Served) -> None:
    assert "this machine only" in served.first_line
    assert acd("status", ACD_SERVER=served.address).status == 0
    assert served.stop(signal.SIGTERM) == 0


def test_stops_on_ctrl_c(served: Served) -> None:
    assert served.stop(signal.SIGINT) == 0


def test_second_service_on_the_same_directory(acd, served: Served) -> None:
    ran = acd("serve", "--data", "data", "--listen", "127.0.0.1:0")
    assert ran.status == 1
    assert ran.err == f"acd: data is in use by another service (process {served.process.pid})\n"
    assert ran.out == ""


def test_second_service_on_the_same_address(acd, served: Served) -> None:
    ran = acd("serve", "--data", "other", "--listen", served.address)
    assert ran.status == 1
    assert ran.err.startswith(f"acd: cannot listen on {served.address}: ")
    assert len(ran.err.splitlines()) == 1
    assert "Traceback" not in ran.err


def test_address_that_others_can_reach(acd, tmp_path: Path) -> None:
    ran = acd("serve", "--data", "data", "--listen", "0.0.0.0:0")
    assert ran.status == 2
    assert "not a loopback address" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "data" / "journal.sqlite").exists()


def test_foreign_journal(acd, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "journal.sqlite").write_bytes(b"no journal" * 1_000)
    ran = acd("serve", "--data", "data", "--listen", "127.0.0.1:0")
    assert ran.status == 1
    assert "is not a journal" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_truncated_journal(acd, tmp_path: Path, policy_file: Path) -> None:
    running = Served(tmp_path, "--data", "data", "--listen", "127.0.0.1:0")
    assert acd("policy", "apply", policy_file, "--server", running.address).status == 0
    assert running.stop(signal.SIGTERM) == 0
    running.process.communicate()
    journal = tmp_path / "data" / "journal.sqlite"
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])
    ran = acd("serve", "--data", "data", "--listen", "127.0.0.1:0")
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1
    assert acd("verify", "data").status == 1


def test_settings_from_a_file_and_options_that_win(acd, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (tmp_path / "acd.yaml").write_text(f"listen: 127.0.0.1:{taken.getsockname()[1]}\ndata_dir: from_file\n")
    running = Served(tmp_path, "--config", "acd.yaml", "--listen", "127.0.0.1:0")
    assert running.address
    assert (tmp_path / "from_file" / "journal.sqlite").exists()
    assert running.stop(signal.SIGTERM) == 0
    running.process.communicate()


@pytest.mark.parametrize(
    ("content", "said"),
    [("lisen: 127.0.0.1:1\n", "there is no setting 'lisen'"), ("gather_ms: soon\n", "gather_ms"), ("[", "acd.yaml")],
)
def test_bad_settings(acd, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "acd.yaml").write_text(content)
    ran = acd("serve", "--config", "acd.yaml", "--data", "data")
    assert ran.status == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    running = Served(tmp_path, "--data", "data", "--listen", "127.0.0.1:0", "--until-eof")
    assert running.address
    assert running.process.stdin is not None
    running.process.stdin.close()
    assert running.process.wait(20) == 0
    assert running.process.stdout is not None
    assert running.process.stderr is not None
    running.process.stdout.close()
    running.process.stderr.close()
