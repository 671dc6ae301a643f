"""docs/chain.md: its commands do what they say, its refusal is the one that the service gives."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from acd_service.cli.serve import serve_command

PAGE = (Path(__file__).resolve().parents[2] / "docs/chain.md").read_text(encoding="utf-8")


def test_the_commands_do_what_they_say(acd_verify, folder: Path, monkeypatch) -> None:
    (block,) = re.findall(r"```\n(acd verify .*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(folder.parent)
    lines = block.splitlines()
    assert len(lines) == 3
    for line in lines:
        words, _, to = line.partition(" > ")
        outcome = acd_verify(*words.split()[2:])
        assert outcome.exit_code == 0, outcome.output
        if to:
            Path(to).write_text(outcome.stdout, encoding="utf-8")


def test_a_service_refuses_a_lost_end_and_goes_on_when_told(kept, tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    lost.mkdir()
    for path in kept.folder.glob("journal.sqlite*"):
        shutil.copy(path, lost)
    for _ in range(3):
        kept.journal.put_fact("default", "streams_max", 9)
    kept.close()
    shutil.copy(kept.folder / "journal.mark", lost)
    assert "--accept-loss" in {name for option in serve_command.params for name in option.opts}

    def serve(*options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "acd_service.cli", "serve", "--data", str(lost), "--listen", "127.0.0.1:0"]
        return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    refused = serve()
    _, said = refused.communicate(timeout=60)
    assert refused.returncode == 1
    (told,) = re.findall(r"```\n(acd: data/journal.*?)```", PAGE, re.DOTALL)
    shape = re.escape(" ".join(told.split())).replace("data/journal", ".*/journal")
    last = said.strip().splitlines()[-1]
    assert re.fullmatch(re.sub(r"\d+", r"\\d+", shape), last), last

    going_on = serve("--accept-loss")
    assert going_on.stdout is not None
    assert "listening on" in going_on.stdout.readline()
    going_on.send_signal(signal.SIGTERM)
    _, said = going_on.communicate(timeout=60)
    assert going_on.returncode == 0
    assert "was committed: the end was lost, or an older copy was put in its place: accepted" in said

    again = serve()
    assert again.stdout is not None
    assert "listening on" in again.stdout.readline()
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert again.returncode == 0
