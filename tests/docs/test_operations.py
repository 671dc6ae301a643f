"""docs/operations.md shows settings, alerts and log lines that there are; tests/deploy holds its table of metrics."""

import json
import re
from dataclasses import fields
from pathlib import Path

import yaml

from acd_service.config import Config
from acd_service.observe_settings import LogSettings, MetricsSettings, TraceSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def test_the_settings_are_valid_and_complete(tmp_path: Path) -> None:
    (tmp_path / "acd.yaml").write_text(block("yaml"))
    config = Config.load(tmp_path / "acd.yaml")
    assert config.metrics.queues == ("sales",)
    shown = yaml.safe_load(block("yaml"))
    for room, settings in (("metrics", MetricsSettings), ("log", LogSettings), ("traces", TraceSettings)):
        assert set(shown[room]) == {field.name for field in fields(settings)}


def test_the_settings_it_speaks_of_exist() -> None:
    names = {field.name for field in fields(Config)}
    for name in ("stop_grace_s", "snapshot_every_commands", "events_kept_min", "recent_bytes_max", "figures_start"):
        assert name in PAGE
        assert name in names


def test_the_log_line_is_one_object_on_one_line() -> None:
    (line,) = block("json").strip().splitlines()
    assert set(json.loads(line)) >= {"at", "level", "logger", "message", "tenant", "kind", "seq", "request_id"}
