"""The day's figures: as one JSON object, and as tables for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from acd.v1.admin_service_pb2 import GetStatusResponse
from acd_core.enums import EndCause, OfferOutcome
from acd_service.demo.day import Day
from acd_service.demo.ledger import NAMES_OF_ENDS, SERVICE_LEVEL_DEFINITION, Ledger


@dataclass(frozen=True, slots=True)
class Report:
    """What one day came to. `figures` is the JSON object; `problems` is empty if all is well."""

    figures: Mapping[str, Any]
    problems: tuple[str, ...]


def report_of(
    day: Day,
    ledger: Ledger,
    status: GetStatusResponse,
    *,
    violation: str,
    next_event_seq: int,
    rpc_calls: int,
    wall_s: float,
) -> Report:
    """Put the figures together and compare what the stream told with what the service says of itself.

    Args:
        violation: the first thing that the independent checker found wrong; empty if nothing was.
        next_event_seq: where the stream would go on.
    """
    of_service = {name: count for name, count in status.invariant_violations.items() if count}
    differences = _differences(ledger, status)
    problems = [f"the checker found: {violation}"] if violation else []
    problems += [f"the service counted {count} violations of {name}" for name, count in of_service.items()]
    problems += [f"the stream had {ledger.gaps} gaps"] if ledger.gaps else []
    problems += differences
    figures = {
        "seed": day.seed,
        "scale": day.scale,
        **ledger.figures(),
        "service_level_definition": SERVICE_LEVEL_DEFINITION,
        "by_channel": ledger.figures_by_channel(),
        "by_queue": ledger.figures_by_queue(),
        "offers_not_taken": {
            outcome.name.lower(): ledger.offers_failed[outcome]
            for outcome in OfferOutcome
            if outcome != OfferOutcome.ACCEPTED
        },
        "busyness": round(day.busyness, 4),
        "rpc_calls": rpc_calls,
        "commands": status.seq,
        "events": ledger.events,
        "next_event_seq": next_event_seq,
        "stream_gaps": ledger.gaps,
        "invariant_violations": bool(violation) + sum(of_service.values()),
        "agrees_with_service": not differences,
        "problems": problems,
        "event_hash": status.event_hash,
        "state_digest": status.state_digest,
        "timing": {"wall_seconds": round(wall_s, 2), "rpc_calls_per_second": round(rpc_calls / wall_s, 1)},
    }
    return Report(figures, tuple(problems))


def _differences(ledger: Ledger, status: GetStatusResponse) -> list[str]:
    counts = status.counts
    told = {"opened": counts.opened, "live": counts.waiting + counts.offered + counts.active + counts.wrap_up}
    seen = {"opened": ledger.total.offered, "live": len(ledger.contacts)}
    closed = {EndCause(entry.cause): entry.count for entry in counts.closed}
    for cause in EndCause:
        told[f"closed as {cause.name}"] = closed.get(cause, 0)
        seen[f"closed as {cause.name}"] = ledger.total.ended[cause]
    told["events"], seen["events"] = status.event_seq, ledger.events
    return [
        f"the service says {told[name]} {name}, the stream told of {seen[name]}"
        for name in told
        if told[name] != seen[name]
    ]


def show(report: Report, console: Console) -> None:
    """The tables."""
    figures = report.figures
    table = Table(
        title="The day's figures",
        title_justify="left",
        header_style="bold",
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    table.add_column("", no_wrap=True)
    heads = (
        "offered",
        "handled",
        "gave up",
        "in < 5 s",
        "refused",
        "taken\nback",
        "in pro-\ngress",
        "service\nlevel",
        "ASA",
    )
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    rows = [*figures["by_queue"].items(), *((f"all {name}", row) for name, row in figures["by_channel"].items())]
    for index, (name, row) in enumerate(rows):
        if name in ("all chat", "all mail"):
            continue  # the same as the one queue of that channel
        table.add_row(name, *_cells(row), end_section=index + 1 == len(figures["by_queue"]))
    table.add_row("all", *_cells(figures), style="bold")
    console.print(table)
    console.print()
    other = ", ".join(f"{name} {figures[name]}" for name in _others() if figures[name])
    if other:
        console.print(f"Other ends: {other}.")
    console.print(f"Service level: {figures['service_level_definition']}. ASA: average speed of answer.")
    failed = ", ".join(f"{count} {name}" for name, count in figures["offers_not_taken"].items() if count)
    console.print(f"Offers not taken: {failed}.")
    timing = figures["timing"]
    console.print(
        f"[bold]{figures['rpc_calls']:,}[/] calls over gRPC in {timing['wall_seconds']:.1f} s "
        f"({timing['rpc_calls_per_second']:,.0f} a second), each journalled before its answer; "
        f"[bold]{figures['events']:,}[/] events received."
    )
    if report.problems:
        for problem in report.problems:
            console.print(f"[bold red]wrong:[/] {problem}")
    else:
        console.print(
            f"[green]No invariant broken[/] (independent checker over {figures['commands']:,} commands), "
            "[green]no gap in the stream[/], counts agree with the service's."
        )


def _others() -> list[str]:
    shown = {"handled", "abandoned", "short_abandoned", "refused", "cancelled"}
    return [name for name in NAMES_OF_ENDS if name not in shown]


def _cells(row: Mapping[str, Any]) -> list[str]:
    counts = ("offered", "handled", "abandoned", "short_abandoned", "refused", "cancelled", "in_progress")
    level, asa = row["service_level"], row["asa_seconds"]
    return [
        *(f"{row[name]:,}" for name in counts),
        "–" if level is None else f"{level:.1%}",
        "–" if asa is None else f"{asa:.1f}s",
    ]
