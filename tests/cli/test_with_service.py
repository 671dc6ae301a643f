"""Commands that talk to a running service, in the order in which somebody would try them."""

import json
from pathlib import Path

import pytest

from acd_service.demo.own_service import OwnService

ROSTER = """\
agent_id,skills,memberships
ann,sales=80;spanish=60,support=0
bob,support=40,nowhere=1
cid,sales=400,
ann,sales=1,
dee,sales=70,support=1:3
"""


@pytest.fixture
def here(acd, service: OwnService):
    """`acd` with the service's address."""

    def run(*args: str | Path, **more: str):
        return acd(*args, ACD_SERVER=service.address, **more)

    return run


@pytest.fixture
def applied(here, policy_file: Path):
    assert here("policy", "apply", policy_file).status == 0
    return here


def test_policy_apply_gives_the_version(here, policy_file: Path) -> None:
    before = json.loads(here("status", "--json").out)["policy_version"]
    ran = here("policy", "apply", policy_file, "--expected-version", before, "--json")
    assert ran.status == 0
    assert ran.json()["policy_version"] == int(before) + 1
    assert {warning["message"] for warning in ran.json()["warnings"]} == {"the roster is empty"}


def test_policy_apply_with_another_version_in_force(applied, policy_file: Path) -> None:
    ran = applied("policy", "apply", policy_file, "--expected-version", "77")
    assert ran.status == 1
    assert ran.err.startswith("acd: the service says POLICY_VERSION_MISMATCH at expected_version: ")
    assert ran.out == ""


def test_policy_apply_of_a_bad_file_changes_nothing(applied, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("queues: {a: {rate: -1}}\n")
    before = applied("status", "--json").json()["seq"]
    assert applied("policy", "apply", "bad.yaml").status == 2
    assert applied("policy", "apply", "bad.yaml", "--json").json()["ok"] is False
    assert applied("status", "--json").json()["seq"] == before


def test_agents_import_reports_refused_rows_and_takes_the_others(applied, tmp_path: Path) -> None:
    (tmp_path / "agents.csv").write_text(ROSTER)
    ran = applied("agents", "import", "agents.csv", "--json")
    assert ran.status == 2
    report = ran.json()
    assert (report["rows"], report["imported"]) == (5, 2)
    assert [(row["line"], row["reason"], row["field"]) for row in report["refused"]] == [
        (3, "UNKNOWN_QUEUE", 'memberships["nowhere"]'),
        (4, "OUT_OF_RANGE", 'skills["sales"]'),
        (5, "DUPLICATE_ENTRY", "agent_id"),
    ]
    said = applied("agents", "import", "agents.csv")
    assert "agents.csv: line 4: OUT_OF_RANGE" in said.out
    assert "2 agents imported, 3 left out." in said.out


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_agents_export_and_import_again(applied, tmp_path: Path, name: str) -> None:
    (tmp_path / "agents.csv").write_text(ROSTER)
    applied("agents", "import", "agents.csv")
    ran = applied("agents", "export", name)
    assert ran.status == 0
    before = applied("agents", "export", "--json").json()
    assert {agent["agent_id"] for agent in before["agents"]} >= {"ann", "dee"}
    again = applied("agents", "import", name, "--json")
    assert again.status == 0
    assert again.json()["imported"] == len(before["agents"])
    assert applied("agents", "export", "--json").json() == before


def test_agents_by_the_thousand_through_pipes(applied) -> None:
    rows = "".join(f'{{"agent_id": "many-{number:04}", "skills": {{"sales": 50}}}}\n' for number in range(1_203))
    ran = applied("agents", "import", "-", "--format", "jsonl", "--json", stdin=rows)
    assert ran.status == 0
    assert ran.json()["imported"] == 1_203
    exported = applied("agents", "export").out.splitlines()
    assert sum(line.startswith("many-") for line in exported) == 1_203


def test_events_until_idle(applied) -> None:
    ran = applied("events", "--from", "1", "--until-idle", "--json")
    assert ran.status == 0
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert [event["event_seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "POLICY_APPLIED"
    assert events[0]["policy_version"] == 1
    assert len(events) == int(applied("status", "--json").json()["event_seq"])


def test_events_for_people(applied) -> None:
    ran = applied("events", "--from", "1", "--count", "1")
    assert ran.status == 0
    assert len(ran.out.splitlines()) == 1
    assert "policy applied" in ran.out
    assert "\x1b" not in ran.out


def test_events_of_one_type(applied) -> None:
    ran = applied("events", "--from", "1", "--type", "policy_applied", "--count", "1", "--json")
    assert json.loads(ran.out)["type"] == "POLICY_APPLIED"


def test_events_from_now_when_nothing_happens(applied) -> None:
    assert applied("events", "--until-idle").status == 0


def test_events_that_do_not_exist_yet(applied) -> None:
    ran = applied("events", "--from", "99999999")
    assert ran.status == 2
    assert "EVENT_SEQ_AHEAD" in ran.err


def test_status(applied) -> None:
    ran = applied("status")
    assert ran.status == 0
    assert "policy version" in ran.out
    status = applied("status", "--json").json()
    assert status["tenant_id"] == "default"
