"""How `acd top` looks."""

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from acd_service.cli.top_picture import Picture, QueueRow

_REFUSED: Final = "rpc_calls_refused_"


def screen_of(picture: Picture, rows: int | None) -> RenderableType:
    """Service, contacts and agents in a few lines, then the queues; `rows` None shows all of them."""
    return Group(*_lines(picture), "", _queues(picture, rows))


def _lines(picture: Picture) -> list[Text]:
    agents, contacts = picture.agents, picture.contacts
    lines = [
        (
            f"acd {picture.version}, tenant {picture.tenant}, policy {picture.policy_version}, "
            f"command {picture.seq:,}, event {picture.event_seq:,}, journal {picture.journal_bytes / 2**20:,.1f} MiB"
        ),
        (
            f"agents    {agents.ready:,} ready ({agents.ready_busy:,} busy), {agents.away:,} away "
            f"({agents.away_busy:,} busy), {agents.offline:,} signed off"
        ),
        "contacts  " + ", ".join(f"{count:,} {name.replace('_', '-')}" for name, count in contacts.items()),
        f"streams   {picture.subscribers:,}, the slowest {picture.subscriber_lag:,} events behind",
        (
            f"service   {picture.counters.get('commands_waiting', 0):,} commands waiting, stood still for "
            f"{picture.counters.get('loop_stall_ms', 0):,} ms at most in the last minute"
        ),
    ]
    turned_away = [
        f"{count:,} {name.removeprefix(_REFUSED).replace('_', ' ')}"
        for name, count in picture.counters.items()
        if name.startswith(_REFUSED)
    ]
    if turned_away:
        lines.append("refused   " + ", ".join(turned_away) + ", by the whole service since it started")
    texts = [Text(line, no_wrap=True, overflow="ellipsis") for line in lines]
    for name, count in picture.violations.items():
        texts.append(Text(f"invariant {name} was broken {count} times", style="bold red"))
    if picture.set_aside:
        texts.append(Text(f"{picture.set_aside} commands were set aside; `acd status` has them", style="bold red"))
    return texts


def _queues(picture: Picture, rows: int | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("queue", overflow="ellipsis", no_wrap=True)
    table.add_column("channel", overflow="ellipsis", no_wrap=True)
    for name in ("longest", "waiting", "ringing", "offered", "answered", "abandoned", "SL", "ASA"):
        table.add_column(name, justify="right", no_wrap=True)
    shown = picture.queues if rows is None else picture.queues[:rows]
    for row in shown:
        table.add_row(*_cells(row), style="" if row.waiting else "dim")
    if len(shown) < len(picture.queues):
        table.caption = f"and {len(picture.queues) - len(shown):,} more queues"
    return table


def _cells(row: QueueRow) -> tuple[Text | str, ...]:
    # Ids are texts as they are: rich would read [markup] in them.
    return (
        Text(row.queue_id),
        Text(row.channel),
        _clock(row.longest_wait_s) if row.waiting else "",
        f"{row.waiting:,}",
        f"{row.offered_now:,}",
        f"{row.offered:,}",
        f"{row.answered:,}",
        f"{row.abandoned:,}",
        "" if row.service_level is None else f"{row.service_level:.0%}",
        "" if row.answer_mean_s is None else _clock(row.answer_mean_s),
    )


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds, as wallboards show waits."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
