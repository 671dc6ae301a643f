"""The streams are worth running: together they see everything that the engine can do so far."""

import pytest
from verification.adversary import Adversary, RecoveringAdversary
from verification.engines import REFERENCE
from verification.lockstep import Coverage
from verification.quartet import run_seed

from acd_core.enums import CommandKind, EndCause, EventType, OfferOutcome
from acd_core.refusal import Reason

SEEDS = range(300, 340)
RECOVERING = range(340, 345)

JUDGED_BEFORE_AN_ENGINE = {
    Reason.EMPTY, Reason.TOO_LONG, Reason.TOO_MANY, Reason.INVALID_VALUE, Reason.INVALID_CHARACTER,
    Reason.RESERVED_ID, Reason.DUPLICATE_ENTRY, Reason.MALFORMED_REQUIREMENT, Reason.NOT_BUILT,
    Reason.UNKNOWN_PLAN, Reason.UNKNOWN_CALENDAR,
}  # fmt: skip
"""Reasons for which no command exists."""

SEEN_IN_TEST_BOUNDS = {Reason.SKILL_LIMIT}


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    total = Coverage()
    for seed in SEEDS:
        total.add(run_seed(seed, 600, REFERENCE, stream=Adversary).coverage)
    for seed in RECOVERING:
        total.add(run_seed(seed, 600, REFERENCE, stream=RecoveringAdversary).coverage)
    print(total.table())  # noqa: T201
    return total


def test_every_command_kind(coverage: Coverage) -> None:
    assert [kind.name for kind in CommandKind if not coverage.commands[kind.name]] == []
    assert coverage.commands["(duplicate)"]


def test_every_event_type(coverage: Coverage) -> None:
    assert [kind.name for kind in EventType if not coverage.events[kind.name]] == []


def test_every_refusal_reason(coverage: Coverage) -> None:
    due = [reason for reason in Reason if reason not in JUDGED_BEFORE_AN_ENGINE | SEEN_IN_TEST_BOUNDS]
    assert [reason.name for reason in due if not coverage.refusals[reason.name]] == []


def test_every_end_cause(coverage: Coverage) -> None:
    assert [cause.name for cause in EndCause if not coverage.ends[cause.name]] == []


def test_every_offer_outcome(coverage: Coverage) -> None:
    assert [outcome.name for outcome in OfferOutcome if not coverage.outcomes[outcome.name]] == []
