"""What each fairness strategy evens out, over simulated weeks; docs/strategies.md says it in words and figures."""

from pathlib import Path

import pytest

from acd_core.engine import Engine
from acd_core.enums import Strategy
from acd_service.simulation.fairness import (
    EVEN_PACE,
    FAIR_STRATEGIES,
    UNEVEN_PACE,
    agent_figures,
    markdown,
    measured,
    spread,
)

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"


@pytest.mark.parametrize("strategy", FAIR_STRATEGIES)
def test_equal_agents_get_equal_work(strategy: Strategy) -> None:
    """In a week chance still shows: by the ten agents' hundreds of contacts each, hardly more than a tenth or two."""
    week = spread(strategy, EVEN_PACE, Engine)
    assert week.contacts <= 1.25
    assert week.time <= 1.25
    year = spread(strategy, EVEN_PACE, Engine, weeks=50)
    assert year.contacts <= 1.04
    assert year.time <= 1.04


def test_contacts_are_evened_out_by_fewest_contacts() -> None:
    even, uneven = (spread(Strategy.FEWEST_CONTACTS, pace, Engine) for pace in (EVEN_PACE, UNEVEN_PACE))
    assert even.contacts <= 1.05
    assert uneven.contacts <= 1.15
    assert uneven.time >= 1.3


@pytest.mark.parametrize("strategy", [Strategy.LEAST_TALK_TIME, Strategy.LEAST_OCCUPIED])
def test_time_is_evened_out_by_talk_time_and_occupancy(strategy: Strategy) -> None:
    even, uneven = (spread(strategy, pace, Engine) for pace in (EVEN_PACE, UNEVEN_PACE))
    assert even.time <= 1.02
    assert uneven.time <= 1.03
    assert uneven.contacts >= 1.4


def test_weights_are_shares_where_somebody_is_free() -> None:
    """Next to no load: nearly all are free at each decision, and contacts go by weight."""
    weights = (300, 100, 100, 100, 100, 100, 100, 50, 50)
    paces = (0.25,) * len(weights)
    figures = agent_figures(Strategy.WEIGHTED, paces, Engine, weights=weights, load=0.01, weeks=400)
    total = sum(contacts for contacts, _ in figures)
    for weight, (contacts, _) in zip(weights, figures, strict=True):
        assert contacts / total == pytest.approx(weight / sum(weights), rel=0.1)


def test_the_figures_in_the_docs_are_those_of_the_command() -> None:
    assert markdown(measured(Engine)) in PAGE.read_text(encoding="utf-8")
