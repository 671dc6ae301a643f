"""The programs in docs/examples do what they say, against a real service."""

import subprocess
import sys
from pathlib import Path

from acd_service.demo.own_service import OwnService

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def test_route_one_call_tells_the_whole_story_twice() -> None:
    """The second run finds agents who are there already, and an agent who is not idle for longest any more."""
    with OwnService(0, clock="wall") as service:
        for _ in range(2):
            ran = subprocess.run(
                [sys.executable, EXAMPLES / "route_one_call.py", service.address],
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert ran.returncode == 0, ran.stderr
            lines = ran.stdout.splitlines()
            told = [line.split()[1] for line in lines]
            life = ["contact_enqueued", "offer_made", "offer_accepted", "contact_completed", "contact_closed"]
            assert told[0] == "policy_applied"
            assert told[-5:] == life
            assert all('agent_id: "bob"' in line for line in lines[-4:]), "only bob speaks Spanish"
            assert "END_CAUSE_HANDLED" in lines[-1]


def test_route_one_call_uses_the_contract_alone() -> None:
    source = (EXAMPLES / "route_one_call.py").read_text()
    imports = [line.split()[1] for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert {name.partition(".")[0] for name in imports} <= {"grpc", "acd", "sys", "datetime"}
