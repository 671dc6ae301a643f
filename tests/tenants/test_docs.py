"""What docs/tenants.md shows works as it stands, in the order in which it stands there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml

from acd_service.config import Config
from acd_service.identity.identity import Role
from acd_service.tenant_settings import Quotas

PAGE = (Path(__file__).resolve().parents[2] / "docs/tenants.md").read_text()


def test_the_settings_are_settings(tmp_path) -> None:
    (content,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "acd.yaml"
    path.write_text(content)
    config = Config.load(path)
    assert config.tenants == {"acme": Quotas(500, 5_000, 0, 200), "globex": Quotas()}
    assert set(yaml.safe_load(content)["tenants"]["acme"]) <= set(Quotas.__dataclass_fields__)


def test_every_quota_is_told_of() -> None:
    assert all(f"| `{name}` |" in PAGE for name in Quotas.__dataclass_fields__)


def test_the_commands_do_what_they_say(make_house) -> None:
    house = make_house()
    house.caller("default", Role.HOST)
    lines = re.findall(r"^acd tenants (.+)$", PAGE, re.MULTILINE)
    assert len(lines) == 6
    # One process for all: starting one takes a second.
    program = (
        "import sys, json, os\n"
        "from acd_service.cli import acd\n"
        "for line in json.loads(sys.stdin.read()):\n"
        "    acd.main(['tenants', *line.split()], prog_name='acd', standalone_mode=False)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([*lines, "list"]),
        env={"PYTHONPATH": f"{root}:{root}/proto:{root}/service", "ACD_SERVER": house.address, "PATH": "/usr/bin",
             "ACD_TOKEN": house.key("default", Role.HOST)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "initech                  served     agents_max=50 commands_per_s=20" in done.stdout
    assert "initech                  suspended" in done.stdout
    assert "initech is removed" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("default")
