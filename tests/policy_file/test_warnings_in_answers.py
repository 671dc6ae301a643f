"""How much the service looks for warnings: less, the more there is to look at; and never without end."""

import pytest

from acd_core.plan import Overflow
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service.policy_lint import OVERFLOW_IN_A_CIRCLE, lint
from acd_service.rpc import policy_warnings
from acd_service.rpc.policy_warnings import warnings_about

CIRCLE = Policy(queues=(QueueSpec("a", overflow=Overflow("b")), QueueSpec("b", overflow=Overflow("a"))))


@pytest.mark.parametrize(
    ("places_max", "told"),
    [
        (4, ["NOBODY_MEETS_REQUIREMENT", "NOBODY_MEETS_REQUIREMENT", "OVERFLOW_IN_A_CIRCLE"]),
        (3, ["OVERFLOW_IN_A_CIRCLE"]),
        (1, []),
    ],
)
def test_the_roster_is_left_out_first_and_then_all(monkeypatch, places_max, told):
    monkeypatch.setattr(policy_warnings, "PLACES_MAX", places_max)
    queues = tuple(QueueSpec(queue.queue_id, requirement="spanish", overflow=queue.overflow) for queue in CIRCLE.queues)
    found = warnings_about(Policy(queues=queues), [AgentSpec("ann"), AgentSpec("bob")])
    assert sorted(warning.reason for warning in found) == told


def test_no_more_than_so_many_in_an_answer(monkeypatch):
    monkeypatch.setattr(policy_warnings, "WARNINGS_MAX", 2)
    queues = tuple(QueueSpec(f"q{number}") for number in range(5))
    assert len(warnings_about(Policy(queues=queues), [])) == 2


def test_a_circle_is_told_once_at_its_first_queue_also_with_a_long_way_to_it():
    way = [QueueSpec(f"q{number}", overflow=Overflow(f"q{number + 1}")) for number in range(5_000)]
    circle = (QueueSpec("z", overflow=Overflow("y")), QueueSpec("y", overflow=Overflow("z")))
    policy = Policy(queues=(*way, QueueSpec("q5000", overflow=Overflow("y")), *circle))
    (warning,) = lint(policy)
    assert (warning.field, warning.reason) == ('queues["z"].overflow', OVERFLOW_IN_A_CIRCLE)
    assert '"z" to "y" to "z"' in warning.message
