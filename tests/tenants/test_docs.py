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


COMMANDS = re.findall(r"^acd tenants (.+)$", PAGE, re.MULTILINE)


def ran(lines: list[str], host_key: str, folder: Path, server: str = "") -> str:
    """What the commands print, one after the other. One process for all: starting one takes a second."""
    program = (
        "import sys, json\n"
        "from acd_service.cli import acd\n"
        "for line in json.loads(sys.stdin.read()):\n"
        "    acd.main(['tenants', *line.split()], prog_name='acd', standalone_mode=False)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(lines),
        env={"PYTHONPATH": f"{root}:{root}/proto:{root}/service", "ACD_SERVER": server, "PATH": "/usr/bin",
             "ACD_TOKEN": host_key},
        capture_output=True, text=True, timeout=60, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_do_what_they_say(make_house, tmp_path) -> None:
    house = make_house()
    house.caller("default", Role.HOST)
    lines = [line for line in COMMANDS if "--server" not in line]
    assert len(lines) == 6
    told = ran([*lines, "list"], house.key("default", Role.HOST), tmp_path, house.address)
    assert "initech                  served     agents_max=50 commands_per_s=20" in told
    assert "initech                  suspended" in told
    assert "initech is removed" in told
    assert told.splitlines()[-1].startswith("default")


def test_the_commands_move_a_tenant(make_houses, tmp_path) -> None:
    old, new = make_houses("old", "new")
    old.caller("default", Role.HOST)("TenantService/CreateTenant", name="acme")
    new.caller("default", Role.HOST)
    lines = [line for line in COMMANDS if "--server" in line]
    assert len(lines) == 4
    told = ""
    for line in lines:
        house = old if "old:7007" in line else new
        line = line.replace("old:7007", old.address).replace("new:7007", new.address)
        told += ran([line], house.key("default", Role.HOST), tmp_path)
    assert "acme is here, served" in told
    assert "acme is removed" in told
