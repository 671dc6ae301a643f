"""The demo's live view: the clock of the day, the queues, the agents, and how fast it all goes."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from acd_core.enums import ContactState, EndCause, Presence
from acd_service.demo.day import CLOSING_NS, OPENING_NS, Day
from acd_service.demo.grpc_centre import GrpcCentre
from acd_service.demo.ledger import Ledger, LiveAgent

FRAME_S: Final = 0.2
"""Between two pictures: often enough to look live, seldom enough to cost the day little."""
GROUPS: Final = {"group0": "group 0", "group1": "group 1", "desk": "desk"}
STATES: Final = ("idle", "ringing", "talking", "wrap-up", "away")
_STATE_STYLES: Final = {"idle": "green", "ringing": "yellow", "talking": "cyan", "wrap-up": "magenta", "away": "dim"}


def state_of(agent: LiveAgent) -> str | None:
    """What an agent is seen to do; None for one who is not there."""
    states = set(agent.held.values())
    if ContactState.ACTIVE in states:
        return "talking"
    if ContactState.OFFERED in states:
        return "ringing"
    if ContactState.WRAP_UP in states:
        return "wrap-up"
    if agent.presence == Presence.OFFLINE:
        return None
    return "away" if agent.presence == Presence.AWAY or agent.delayed else "idle"


class LiveView:
    """Redraws itself when `refresh` is called and enough time has passed."""

    def __init__(self, console: Console, day: Day, ledger: Ledger, centre: GrpcCentre) -> None:
        self._day = day
        self._ledger = ledger
        self._centre = centre
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._groups = {shift.agent_id: shift.group for shift in day.shifts}
        self._began = self._drawn = time.monotonic()

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._live.__exit__(None, None, None)

    def refresh(self) -> None:
        now = time.monotonic()
        if now - self._drawn >= FRAME_S:
            self._drawn = now
            self._live.update(self.picture(now - self._began), refresh=True)

    def picture(self, elapsed_s: float) -> RenderableType:
        """The centre as it stands, `elapsed_s` real seconds into the demo."""
        ledger, centre = self._ledger, self._centre
        now_ns = max(ledger.now_ns, OPENING_NS)
        clock = datetime.fromtimestamp(now_ns / 1e9, UTC).strftime("%H:%M:%S")
        done = min((now_ns - OPENING_NS) / (CLOSING_NS - OPENING_NS), 1.0)
        head = Table.grid(expand=True, padding=(0, 1))
        head.add_column(width=8)
        head.add_column(ratio=1)
        head.add_column(justify="right", width=22)
        closing = "until the last has gone" if now_ns >= CLOSING_NS else f"open until {_closing_time()}"
        head.add_row(Text(clock, style="bold"), ProgressBar(total=1.0, completed=done), Text(closing, style="dim"))
        rate = centre.rpc_calls / elapsed_s if elapsed_s > 0 else 0.0
        violations = centre.checker.violations + ledger.gaps
        foot = Text.assemble(
            (f"{centre.rpc_calls:,}", "bold"),
            f" calls over gRPC ({rate:,.0f}/s)   ",
            (f"{ledger.events:,}", "bold"),
            " events   ",
            (f"{violations} invariants broken", "bold red" if violations else "green"),
        )
        return Panel(
            Group(head, "", self._queues(now_ns), "", self._agents(), "", foot),
            title=f"A busy day in a contact centre (seed {self._day.seed})",
            width=min(self._live.console.width, 100),
            border_style="blue",
        )

    def _queues(self, now_ns: int) -> Table:
        table = Table(box=None, expand=True, header_style="dim")
        table.add_column("queue")
        for name in ("waiting", "longest", "offered", "answered", "gave up", "service level"):
            table.add_column(name, justify="right")
        for queue_id, tally in self._ledger.by_queue.items():
            waiting = self._ledger.waiting(queue_id)
            longest_s = (now_ns - min(waiting)) / 1e9 if waiting else 0.0
            level = tally.service_level
            table.add_row(
                queue_id,
                Text(str(len(waiting)) if waiting else "·", style="bold yellow" if waiting else "dim"),
                f"{longest_s // 60:.0f}:{longest_s % 60:02.0f}" if waiting else "",
                f"{tally.offered:,}",
                f"{tally.answered:,}",
                f"{tally.ended[EndCause.ABANDONED] + tally.ended[EndCause.SHORT_ABANDON]:,}",
                "" if level is None else Text(f"{level:.0%}", style=_level_style(level)),
            )
        return table

    def _agents(self) -> Table:
        table = Table(box=None, expand=True, header_style="dim")
        table.add_column("agents")
        for name in ("there", *STATES, "holding"):
            table.add_column(name, justify="right")
        for group, title in GROUPS.items():
            agents = [agent for agent_id, agent in self._ledger.agents.items() if self._groups[agent_id] == group]
            states = Counter(state for state in map(state_of, agents) if state is not None)
            table.add_row(
                title,
                str(states.total()),
                *(Text(str(states[name]) if states[name] else "·", style=_STATE_STYLES[name]) for name in STATES),
                str(sum(len(agent.held) for agent in agents)),
            )
        return table


def _closing_time() -> str:
    return datetime.fromtimestamp(CLOSING_NS / 1e9, UTC).strftime("%H:%M")


def _level_style(level: float) -> str:
    return "green" if level >= 0.8 else "yellow" if level >= 0.5 else "red"
