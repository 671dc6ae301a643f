"""What looks wrong with a valid policy: each warning, its place, and that what is right is left alone."""

import json
import subprocess
import sys

import pytest

from acd_core.roster import AgentSpec, QueueMembership, SkillLevel
from acd_service.policy_file import parse_policy, place_policy, policy_yaml
from acd_service.policy_lint import lint
from acd_service.yaml_document import BadFile

ROSTER = [
    AgentSpec("ann", (SkillLevel("sales", 40), SkillLevel("spanish", 90)), memberships=(QueueMembership("gold", 1),)),
    AgentSpec("bob", (SkillLevel("sales", 80),)),
]


def said(text, roster=None):
    placed = place_policy(text, "p")
    return sorted((*placed.line_and_column(w.field), w.reason) for w in lint(placed.policy, roster))


def queues(*lines):
    return "queues:\n" + "".join(f"  {line}\n" for line in lines)


def plan(*steps, queue="", more=""):
    """A policy with a queue that has a plan of these steps; the first step is in line 6."""
    listed = "".join(f"    - {step}\n" for step in steps)
    return f"queues:\n  sales: {{plan: p{queue}}}\n  help: {{requirement: help{more}}}\nplans:\n  p:\n{listed}"


CASES = {
    "nobody meets a queue's requirement": (
        "queues:\n  a: {requirement: spanish and sales>=50}\n  b: {requirement: sales>=80}\n",
        ROSTER, [(2, 20, "NOBODY_MEETS_REQUIREMENT")],
    ),
    "a queue without members": (
        "queues:\n  silver:\n    membership: listed\n  gold: {membership: listed, requirement: spanish}\n",
        ROSTER, [(3, 17, "QUEUE_WITHOUT_MEMBERS")],
    ),
    "no member of a listed queue meets its requirement": (
        "queues:\n  gold: {membership: listed, requirement: sales>=50}\n",
        ROSTER, [(2, 43, "NOBODY_MEETS_REQUIREMENT")],
    ),
    "an empty roster": ("queues:\n  a: {rate: 1}\n", [], [(2, 3, "QUEUE_WITHOUT_MEMBERS")]),
    "without a roster nothing is known": ("queues:\n  a: {requirement: nope, membership: listed}\n", None, []),
    "overflow in a circle, told once": (
        queues("z: {overflow: {queue: a}}", "a: {overflow: {queue: b}}", "b: {overflow: {queue: c}}",
               "c: {overflow: {queue: a}}", "d: {overflow: {end: hang_up}}"),
        None, [(3, 17, "OVERFLOW_IN_A_CIRCLE")],
    ),
    "two circles": (
        queues("a: {overflow: {queue: b}}", "b: {overflow: {queue: a}}", "c: {overflow: {queue: d}}",
               "d: {overflow: {queue: c}}"),
        None, [(2, 17, "OVERFLOW_IN_A_CIRCLE"), (4, 17, "OVERFLOW_IN_A_CIRCLE")],
    ),
    "overflow in a line": (
        queues("a: {overflow: {queue: b}}", "b: {overflow: {queue: c}}", "c: {overflow: {end: hang_up}}"), None, [],
    ),
    "steps after the end": (
        plan("{after: 1m, end: hang_up}", "{after: 2m, add_credit: 1s}", "{after: 3m, end: hang_up}"),
        None, [(7, 7, "UNREACHABLE_STEP"), (8, 7, "UNREACHABLE_STEP")],
    ),
    "steps after a sure move": (
        plan("{after: 1m, move_to_queue: help}", "{after: 2m, add_credit: 1s}"), None, [(7, 7, "UNREACHABLE_STEP")],
    ),
    "steps after a move to a queue that may be full": (
        plan("{after: 1m, move_to_queue: help}", "{after: 2m, add_credit: 1s}", more=", max_waiting: 9"), None, [],
    ),
    "steps after an end with a condition": (
        plan("{after: 1m, condition: {queue_length_min: 3}, end: hang_up}", "{after: 2m, add_credit: 1s}"), None, [],
    ),
    "a plan that nobody has": ("queues:\n  a: {}\nplans:\n  p: []\n", None, [(4, 3, "PLAN_NOT_USED")]),
    "lowering what was lowered before": (
        plan("{after: 1s, lower_level: {skill: x, level: 20}}", "{after: 2s, lower_level: {skill: x, level: 30}}",
             "{after: 3s, lower_level: {skill: x, level: 10}}", "{after: 4s, drop_skill: x}",
             "{after: 5s, drop_skill: x}"),
        None, [(7, 7, "STEP_DOES_NOT_WIDEN"), (10, 7, "STEP_DOES_NOT_WIDEN")],
    ),
    "lowering what is not asked for": (
        plan("{after: 1s, set_requirement: sales>=50}", "{after: 2s, lower_level: {skill: spanish, level: 1}}",
             "{after: 3s, lower_level: {skill: sales, level: 50}}",
             "{after: 4s, lower_level: {skill: sales, level: 9}}"),
        None, [(7, 7, "STEP_DOES_NOT_WIDEN"), (8, 7, "STEP_DOES_NOT_WIDEN")],
    ),
    "after a condition nothing is sure": (
        plan("{after: 1s, condition: {nobody_signed_on: true}, lower_level: {skill: x, level: 20}}",
             "{after: 2s, lower_level: {skill: x, level: 30}}"),
        None, [],
    ),
    "a requirement that nobody new meets": (
        plan("{after: 1s, set_requirement: sales>=30}", "{after: 2s, set_requirement: sales>=50}",
             "{after: 3s, set_requirement: spanish or sales>=50}"),
        ROSTER, [(3, 23, "NOBODY_MEETS_REQUIREMENT"), (7, 7, "STEP_DOES_NOT_WIDEN")],
    ),
    "a requirement of a step that nobody meets": (
        plan("{after: 1s, set_requirement: sales>=99}", queue=", requirement: sales"),
        ROSTER, [(3, 23, "NOBODY_MEETS_REQUIREMENT"), (6, 7, "NOBODY_MEETS_REQUIREMENT")],
    ),
    "a tier in an open queue": (plan("{after: 1s, raise_max_tier: 2}"), None, [(6, 7, "STEP_DOES_NOT_WIDEN")]),
    "a tier without a limit": (
        plan("{after: 1s, raise_max_tier: 2}", queue=", membership: listed"), None, [(6, 7, "STEP_DOES_NOT_WIDEN")],
    ),
    "a tier that is allowed from the start": (
        plan("{after: 1s, raise_max_tier: 2}", queue=", membership: listed, max_tier: 2"),
        None, [(6, 7, "STEP_DOES_NOT_WIDEN")],
    ),
    "tiers that go up, and one that does not": (
        plan("{after: 1s, raise_max_tier: 2}", "{after: 2s, raise_max_tier: 3}", "{after: 3s, raise_max_tier: 3}",
             queue=", membership: listed, max_tier: 1"),
        None, [(8, 7, "STEP_DOES_NOT_WIDEN")],
    ),
    "the queue where it is": (plan("{after: 1s, add_queue: sales}"), None, [(6, 7, "STEP_WITHOUT_EFFECT")]),
    "nothing added, nothing set": (
        plan("{after: 1s, add_credit: 0s}", "{after: 1s, set_priority: 3}", "{after: 2s, set_priority: 3}"),
        None, [(6, 7, "STEP_WITHOUT_EFFECT"), (8, 7, "STEP_WITHOUT_EFFECT")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_warnings(name):
    text, roster, expected = CASES[name]
    assert said(text, roster) == expected


WHOLE = """\
queues:
  sales:
    plan: patience
    overflow: {queue: help}
    calendar: office
    at_closing: release
    skill_weights: {sales: 2, spanish: 1}
    strategy: best_match
    broadcast_to: 5
    preferred_hold: 10s
  help: {overflow: {end: {kind: voicemail, target: box}}, max_waiting: 3}
plans:
  patience:
    - {treatment: {kind: announcement, name: hello}}
    - {after: 20s, lower_level: {skill: spanish, level: 30}}
    - after: 40s
      condition: {queue_length_min: 3, expected_wait_min: 2m, nobody_signed_on: true}
      move_to_queue: help
    - {after: 1m, add_queue: help}
    - {after: 1m, set_requirement: sales}
    - {after: 1m, drop_skill: french}
    - {after: 2m, raise_max_tier: 2}
    - {after: 2m, add_credit: 1m}
    - {after: 2m, set_priority: -3}
    - {after: 2m, offer_callback: press one}
    - {after: 3m, move_to_queue: {queue: help, restart_wait: true}}
    - {after: 5m, end: {kind: hang_up, target: too long}}
calendars:
  office:
    time_zone: Europe/Madrid
    hours:
      - {days: mon-fri, from: "08:00", to: "18:30"}
      - {days: [sat], from: "09:00", to: "24:00"}
    exceptions:
      - {date: 2027-01-01, name: New Year}
      - {date: "2027-01-05", from: "08:00", to: "12:00"}
preference: {last_agent_window: 1d, agent_of_other_contact: true, hold: 20s}
callback: {attempts_max: 5, retry_delay: 1m}
occupancy_time_constant: 10m
"""


def test_a_policy_with_everything_comes_back_equal():
    policy = parse_policy(WHOLE)
    assert parse_policy(policy_yaml(policy)) == policy
    assert len(policy.plans[0].steps) == 12
    assert policy.calendars[0].hours[0].days == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("level: 30", "level: 300", "15:57 OUT_OF_RANGE"),
        ("add_queue: help", "add_queue: helm", "19:30 UNKNOWN_QUEUE"),
        ("plan: patience", "plan: patient", "3:11 UNKNOWN_PLAN"),
        ("calendar: office", "calendar: home", "5:15 UNKNOWN_CALENDAR"),
        ("{queue: help}\n", "{queue: sales}\n", "4:23 INVALID_VALUE"),
        ("set_requirement: sales", "set_requirement: sales and", "20:45 MALFORMED_REQUIREMENT"),
        ("{after: 1m, drop_skill: french}", "{after: 1s, drop_skill: french}", "21:15 INVALID_VALUE"),
        ("add_credit: 1m", "add_credit: 1m, set_priority: 3", "23:7 INVALID_VALUE"),
        ("add_credit: 1m", "add_kredit: 1m", "23:19 UNKNOWN_KEY"),
        ("kind: hang_up", "kind: hangup", "27:31 INVALID_VALUE"),
        ("days: mon-fri", "days: fri-mon", "32:16 WRONG_TYPE"),
        ('to: "18:30"', 'to: "18:60"', "32:44 WRONG_TYPE"),
        ('to: "18:30"', 'to: "07:00"', "32:9 OUT_OF_RANGE"),
        ("2027-01-01", "2027-02-30", "35:16 INVALID_VALUE"),
        ("attempts_max: 5", "attempts_max: 500", "38:26 OUT_OF_RANGE"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(old, new, complaint):
    assert old in WHOLE
    with pytest.raises(BadFile) as raised:
        parse_policy(WHOLE.replace(old, new, 1))
    told = [f"{p.line}:{p.column} {p.reason}" for p in raised.value.problems]
    assert complaint in told, raised.value


def acd(*args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "acd_service.cli", *args], capture_output=True, text=True, timeout=120, cwd=cwd
    )


def test_the_command(tmp_path):
    text, _, _ = CASES["a requirement of a step that nobody meets"]
    (tmp_path / "p.yaml").write_text(text)
    (tmp_path / "agents.csv").write_text("agent_id,skills\nbob,sales=80\n")
    plain = acd("policy", "check", "p.yaml", cwd=tmp_path)
    assert (plain.returncode, "valid policy" in plain.stdout) == (0, True)
    ran = acd("policy", "check", "p.yaml", "--roster", "agents.csv", cwd=tmp_path)
    assert ran.returncode == 0
    assert 'p.yaml:6:7: NOBODY_MEETS_REQUIREMENT plans["p"].steps[0]: ' in ran.stdout
    strict = acd("policy", "check", "p.yaml", "--roster", "agents.csv", "--strict", "--json", cwd=tmp_path)
    assert strict.returncode == 1
    shown = json.loads(strict.stdout)
    assert shown["ok"]
    assert [(w["line"], w["reason"]) for w in shown["warnings"]] == [
        (3, "NOBODY_MEETS_REQUIREMENT"), (6, "NOBODY_MEETS_REQUIREMENT"),
    ]  # fmt: skip
    (tmp_path / "agents.csv").write_text("agent_id,skills\nbob,sales=800\n")
    bad = acd("policy", "check", "p.yaml", "--roster", "agents.csv", cwd=tmp_path)
    assert (bad.returncode, "agents.csv: line 2" in bad.stderr) == (2, True)
    (tmp_path / "p.yaml").write_text("queues: {a: {plan: nope}}\n")
    wrong = acd("policy", "check", "p.yaml", "--json", cwd=tmp_path)
    assert (wrong.returncode, json.loads(wrong.stdout)["problems"][0]["reason"]) == (1, "UNKNOWN_PLAN")
