"""How evenly each strategy spreads a week's work.

    python -m acd_service.simulation.fairness [--markdown] [--engine reference]

Ten agents, five days of eight hours without a break between them, 70 % load. Once all agents work at the same pace,
once five of them need half as long again as the others: only then does it show whether a strategy evens out contacts or
time. For both the largest share of any agent over the smallest, of contacts and of time with contacts.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

import click
from rich import box
from rich.table import Table

from acd_core.enums import Strategy
from acd_service.cli.terminal import results
from acd_service.engine_interface import EngineMaker, engine_maker
from acd_service.simulation.run import simulate
from acd_service.simulation.scenario import parse_scenario

FAIR_STRATEGIES: Final = (
    Strategy.LONGEST_IDLE,
    Strategy.ROUND_ROBIN,
    Strategy.LEAST_OCCUPIED,
    Strategy.FEWEST_CONTACTS,
    Strategy.LEAST_TALK_TIME,
    Strategy.RANDOM,
    Strategy.WEIGHTED,
)
AGENTS: Final = 10
WEEK_MINUTES: Final = 5 * 8 * 60
LOAD: Final = 0.7
EVEN_PACE: Final = (0.25,) * AGENTS
"""Contacts that each agent completes in a minute of work."""
UNEVEN_PACE: Final = (0.3,) * 5 + (0.2,) * 5


@dataclass(frozen=True, slots=True)
class Spread:
    """The largest share of any agent over the smallest."""

    contacts: float
    time: float


def spread(
    strategy: Strategy, paces: tuple[float, ...], maker: EngineMaker, *, weeks: int = 1, seed: int = 1
) -> Spread:
    """Run so many weeks under a strategy.

    Args:
        strategy: of the one queue.
        paces: each agent's, in contacts a minute.
        maker: of the engine that routes.
        weeks: one unless given; in the long run chance evens out and only the strategy's own doing is left.
        seed: of arrivals and service times.
    """
    shares = agent_figures(strategy, paces, maker, weeks=weeks, seed=seed)
    contacts = [contacts for contacts, _ in shares]
    times = [time for _, time in shares]
    return Spread(max(contacts) / min(contacts), max(times) / min(times))


def agent_figures(
    strategy: Strategy,
    paces: tuple[float, ...],
    maker: EngineMaker,
    *,
    weights: tuple[int, ...] | None = None,
    load: float = LOAD,
    weeks: int = 1,
    seed: int = 1,
) -> list[tuple[float, float]]:
    """Each agent's contacts begun in a minute, and its share of time with contacts."""
    rate = load * sum(paces)
    raw: dict[str, Any] = {
        "seed": seed,
        "arrivals": round(rate * WEEK_MINUTES * weeks),
        "types": [{"rate": rate}],
        # Each agent is a pool of its own, so that the figures by pool are by agent.
        "pools": [
            {"servers": 1, "service_rate": pace, "weight": weight}
            for pace, weight in zip(paces, weights or (100,) * len(paces), strict=True)
        ],
        "serves": [[1] * len(paces)],
        "strategy": strategy.name.lower(),
    }
    scenario = parse_scenario(json.dumps(raw))
    figures = simulate(scenario, maker(seed=seed))
    return [
        (figures["immediate"][0][i]["value"] + figures["delayed"][0][i]["value"], pool["utilisation"]["value"])
        for i, pool in enumerate(figures["pools"])
    ]


def measured(maker: EngineMaker) -> dict[Strategy, tuple[Spread, Spread]]:
    """Each fair strategy's spread in a week, at an even pace and at an uneven one."""
    return {s: (spread(s, EVEN_PACE, maker), spread(s, UNEVEN_PACE, maker)) for s in FAIR_STRATEGIES}


def markdown(rows: dict[Strategy, tuple[Spread, Spread]]) -> str:
    """The table as docs/strategies.md has it."""
    lines = [
        "| strategy | same pace: contacts | same pace: time | uneven pace: contacts | uneven pace: time |",
        "| --- | --- | --- | --- | --- |",
    ]
    for strategy, (even, uneven) in rows.items():
        cells = " | ".join(f"{x:.2f}" for x in (even.contacts, even.time, uneven.contacts, uneven.time))
        lines.append(f"| `{strategy.name.lower()}` | {cells} |")
    return "\n".join(lines)


@click.command()
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table of docs/strategies.md.")
@click.option("--engine", type=click.Choice(["compiled", "reference"]), default="compiled")
def main(*, as_markdown: bool, engine: str) -> None:
    """Print how evenly each strategy spreads a week's contacts and time."""
    rows = measured(engine_maker(engine))
    if as_markdown:
        click.echo(markdown(rows))
        return
    table = Table(title="largest share over smallest, of a week", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("strategy", "contacts", "time", "contacts, uneven pace", "time, uneven pace"):
        table.add_column(heading, justify="left" if heading == "strategy" else "right")
    for strategy, (even, uneven) in rows.items():
        values = (even.contacts, even.time, uneven.contacts, uneven.time)
        table.add_row(strategy.name.lower(), *(f"{value:.2f}" for value in values))
    results().print(table)


if __name__ == "__main__":
    main()
