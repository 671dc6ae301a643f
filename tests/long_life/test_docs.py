"""What docs/backup.md and docs/long_life.md show works as it stands."""

import re
import shutil
from pathlib import Path

import pytest
from long_life import golden, month
from long_life.golden import BY_NAME

from acd_service.cli import acd
from acd_service.config import Config
from acd_service.journal_format import FORMAT_VERSION
from acd_service.verify import verify

DOCS = Path(__file__).resolve().parents[2] / "docs"
BACKUP = (DOCS / "backup.md").read_text(encoding="utf-8")
LONG_LIFE = (DOCS / "long_life.md").read_text(encoding="utf-8")


def test_the_commands_do_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    BY_NAME["format-3"].unpack(tmp_path / "data")
    lines = re.findall(r"^acd (.+)$", BACKUP, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        acd.main(line.split(), prog_name="acd", standalone_mode=False)
    for name in ("backup", "restored", "yesterday", "before"):
        assert verify(tmp_path / name).problem == ""
        shutil.rmtree(tmp_path / name)


def test_the_settings_are_settings(tmp_path):
    (content,) = re.findall(r"```yaml\n(.*?)```", LONG_LIFE, re.DOTALL)
    (tmp_path / "acd.yaml").write_text(content)
    config = Config.load(tmp_path / "acd.yaml")
    assert (config.journal_kept_days, config.journal_bytes_max, config.snapshot_every_h) == (90, 50_000_000_000, 24)


def test_the_versions_are_these():
    assert f"formats 1 to {FORMAT_VERSION}" in LONG_LIFE
    assert f"has journal format {FORMAT_VERSION + 1}, this program reads formats 1 to {FORMAT_VERSION}" in LONG_LIFE


@pytest.mark.parametrize("main", [golden.main, month.main])
def test_its_programs_take_these_options(main, capsys):
    name = main.__module__
    for options in re.findall(rf"python -m {re.escape(name)}( --[^#\n]+)?", LONG_LIFE):
        with pytest.raises(SystemExit) as ended:
            main([*options.split(), "--help"])
        assert ended.value.code == 0
    assert name in capsys.readouterr().out
