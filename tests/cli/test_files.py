"""Commands that need no service: policies, journals, scenarios; and bad usage."""

from pathlib import Path

import pytest

from acd_service.demo.own_service import OwnService

BAD_POLICY = """\
queues:
  sales:
    requirement: sales>=50 andd x
    wrapup: 30s
"""


def test_policy_check_says_yes(acd, policy_file: Path) -> None:
    ran = acd("policy", "check", policy_file)
    assert ran.status == 0
    assert "2 queues" in ran.out
    assert "\x1b" not in ran.out, "colour is for people"


def test_policy_check_shows_line_and_reason(acd, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD_POLICY)
    ran = acd("policy", "check", "bad.yaml")
    assert ran.status == 1
    first, second = ran.out.splitlines()
    assert first.startswith('bad.yaml:3:28: MALFORMED_REQUIREMENT queues["sales"].requirement: ')
    assert second.startswith('bad.yaml:4:5: UNKNOWN_KEY queues["sales"].wrapup: ')


def test_policy_check_as_json(acd, tmp_path: Path, policy_file: Path) -> None:
    assert acd("policy", "check", policy_file, "--json").json() == {
        "file": str(policy_file),
        "ok": True,
        "problems": [],
        "warnings": [],
        "queues": 2,
        "channels": 3,
    }
    (tmp_path / "bad.yaml").write_text(BAD_POLICY)
    ran = acd("policy", "check", "bad.yaml", "--json")
    assert ran.status == 1
    assert [(p["line"], p["column"], p["reason"]) for p in ran.json()["problems"]] == [
        (3, 28, "MALFORMED_REQUIREMENT"),
        (4, 5, "UNKNOWN_KEY"),
    ]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("policy", "check"), "Missing argument 'FILE'"),
        (("policy", "check", "nowhere.yaml"), "nowhere.yaml: No such file or directory"),
        (("verify", "nowhere"), "'nowhere' does not exist"),
        (("demo", "--scale", "0"), "--scale"),
        (("events", "--from", "0"), "--from"),
        (("simulate", "nowhere.json"), "nowhere.json"),
        (("replay", "nowhere.csv"), "nowhere.csv"),
        (("agents", "import", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_bad_usage_is_status_2(acd, args: tuple[str, ...], said: str) -> None:
    ran = acd(*args)
    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "args",
    [("status",), ("events",), ("agents", "export"), ("agents", "import", "-"), ("policy", "apply", "policy.yaml")],
    ids=" ".join,
)
def test_no_service(acd, policy_file: Path, args: tuple[str, ...]) -> None:
    ran = acd(*args, "--server", "127.0.0.1:1", stdin="agent_id\nann\n")
    assert ran.status == 1
    assert ran.err == "acd: no service answers at 127.0.0.1:1; is `acd serve` running?\n"
    assert ran.out == ""


def test_verify_says_yes_and_says_no(acd, policy_file: Path, tmp_path: Path) -> None:
    with OwnService(0, clock="wall") as service:
        assert acd("policy", "apply", policy_file, "--server", service.address).status == 0
        beside = acd("verify", service.data_dir / "data", "--json")
        assert beside.status == 0, "a service may be running on the directory"
        report = beside.json()
        assert (report["ok"], report["commands_checked"], report["events_checked"]) == (True, 1, 1)

    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "journal.sqlite").write_bytes(b"something else entirely" * 200)
    ran = acd("verify", foreign)
    assert ran.status == 1
    assert "is not whole" in ran.out
    report = acd("verify", foreign, "--json")
    assert report.status == 1
    assert (report.json()["ok"], report.json()["error"]) == (False, "JournalForeign")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert acd("verify", empty).status == 1
