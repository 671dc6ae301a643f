"""The driver of the demo's day against an engine in this process."""

import asyncio
from collections import Counter

import pytest

from acd_core.commands import Command, Tick
from acd_core.enums import CommandKind, EndCause, EventType, OfferOutcome
from acd_core.events import Event
from acd_core.reference import ReferenceEngine
from acd_service.demo.centre import agents, policy
from acd_service.demo.day import CLOSING_NS, draw_day
from acd_service.demo.driver import Driver
from acd_service.demo.ledger import NAMES_OF_ENDS, Ledger


class EngineCentre:
    """An engine with the least shell around it: it ticks when a timer is due."""

    def __init__(self) -> None:
        self.engine = ReferenceEngine(0)
        self.sent: Counter[CommandKind] = Counter()
        self.events: list[Event] = []
        self.lateness_ns = 0

    async def send(self, at_ns: int, command: Command) -> list[Event]:
        events: list[Event] = []
        due_ns = self.engine.next_timer()
        if due_ns is not None and due_ns <= at_ns:
            self.lateness_ns = max(self.lateness_ns, at_ns - due_ns)
            events += self.engine.apply(at_ns, Tick()).events
        events += self.engine.apply(at_ns, command).events
        self.sent[CommandKind(command.kind)] += 1
        self.events += events
        return events


def play(seed: int, scale: float) -> tuple[EngineCentre, Ledger]:
    day, rules = draw_day(seed, scale), policy()
    centre, ledger = EngineCentre(), Ledger(rules)
    asyncio.run(Driver(day, rules, agents(day.shifts), centre, ledger).run())
    return centre, ledger


@pytest.fixture(scope="module")
def played() -> tuple[EngineCentre, Ledger]:
    return play(11, 0.3)


def test_day_ends_with_everybody_served_or_gone(played: tuple[EngineCentre, Ledger]) -> None:
    centre, ledger = played
    figures = ledger.figures()
    assert figures["offered"] == len(draw_day(11, 0.3).arrivals)
    assert figures["in_progress"] == 0
    assert figures["offered"] == sum(figures[name] or 0 for name in NAMES_OF_ENDS)
    assert ledger.gaps == 0
    assert centre.engine.counts().agents_ready == 0
    assert centre.engine.now_ns > CLOSING_NS


def test_ledger_agrees_with_the_engine(played: tuple[EngineCentre, Ledger]) -> None:
    centre, ledger = played
    counts = centre.engine.counts()
    assert counts.opened == ledger.total.offered
    assert list(counts.closed) == [ledger.total.ended[cause] for cause in EndCause]
    assert ledger.events == centre.engine.event_seq


def test_every_part_is_played(played: tuple[EngineCentre, Ledger]) -> None:
    centre, ledger = played
    shell_only = {
        CommandKind.TICK,
        CommandKind.RESUME,
        CommandKind.SET_CONTACT_ASIDE,
        CommandKind.SET_AGENT_ASIDE,
        CommandKind.FORGET_CUSTOMER,
    }
    not_played = {
        CommandKind.REMOVE_AGENTS,
        CommandKind.UPDATE_CONTACT,
        CommandKind.DETACH_CONTACT,
        CommandKind.ATTACH_CONTACT,
        CommandKind.TRANSFER_CONTACT,
        CommandKind.PICK_CONTACT,
        CommandKind.REQUEST_CALLBACK,
        CommandKind.OPEN_QUEUE,
        CommandKind.CLOSE_QUEUE,
    }
    assert set(centre.sent) == set(CommandKind) - shell_only - not_played
    for cause in (EndCause.HANDLED, EndCause.ABANDONED, EndCause.SHORT_ABANDON, EndCause.CANCELLED):
        assert ledger.total.ended[cause] > 0
    for outcome in (OfferOutcome.DECLINED, OfferOutcome.MISSED):
        assert ledger.offers_failed[outcome] > 0
    assert all(tally.answered > 0 for tally in ledger.by_queue.values())


def test_agents_take_several_chats_and_calls_interrupt_mail() -> None:
    centre, _ = play(11, 0.3)
    held: Counter[str] = Counter()
    most = 0
    for event in centre.events:
        if not event.contact_id.startswith("chat-"):
            continue
        if event.type == EventType.OFFER_ACCEPTED:
            held[event.agent_id] += 1
            most = max(most, held[event.agent_id])
        elif event.type == EventType.CONTACT_COMPLETED:
            held[event.agent_id] -= 1
    assert most == 3


def test_service_never_learns_late_of_its_timers(played: tuple[EngineCentre, Ledger]) -> None:
    """An agent's answer must not come too late because nobody told the service what time it is."""
    assert played[0].lateness_ns <= 2_900_000_000


def test_same_seed_same_day(played: tuple[EngineCentre, Ledger]) -> None:
    centre, ledger = play(11, 0.3)
    assert centre.engine.event_hash == played[0].engine.event_hash
    assert ledger.figures() == played[1].figures()
