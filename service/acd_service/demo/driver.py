"""Plays the day: customers who write, call and give up, agents who answer, talk, wrap up, take breaks and go home.

A discrete-event simulation in which the routing is somebody else's: every decision is the service's, told by its
events. The driver sends one command at a time, each with its simulated time, and has seen every event up to it before
it goes on; so a day is the same every time, however long the calls take.
"""

import heapq
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    DeclineOffer,
    EnqueueContact,
    FinishWrapUp,
    Heartbeat,
    SetPresence,
    UpsertAgents,
)
from acd_core.enums import ContactState, EventType, OfferOutcome, Presence, PresenceCause
from acd_core.events import Event
from acd_core.policy import Policy
from acd_core.roster import AgentSpec
from acd_service.demo.day import OPENING_NS, Arrival, Day, Shift
from acd_service.demo.ledger import Ledger
from acd_service.demo.parameters import (
    BREAK_MINUTES,
    BUSY_SHARE,
    DECLINED_SHARE,
    EARLY_WRAP_UP_SHARE,
    MINUTE_NS,
    MISSED_SHARE,
    NOT_RESPONDING_MINUTES,
    RING_SECONDS,
    SECOND_NS,
)

QUIET_NS = SECOND_NS * 29 // 10
"""A timer of the service's is waited for with a call of its own only if no other call comes within this time. Shorter
than any agent takes to answer, so that nobody is late for an offer."""
BUSY_TONE_NS = SECOND_NS // 5
BREAK = "break"

Deed = Callable[..., Awaitable[None]]


class Centre(Protocol):
    """The service, as the driver sees it."""

    async def send(self, at_ns: int, command: Command) -> Sequence[Event]:
        """Have a command carried out at a simulated time.

        Returns:
            All events since the last call up to this command's own.
        """


class Driver:
    """One day.

    Args:
        after_step: called after each command, for whoever watches.
    """

    def __init__(
        self,
        day: Day,
        policy: Policy,
        roster: tuple[AgentSpec, ...],
        centre: Centre,
        ledger: Ledger,
        after_step: Callable[[], None] = lambda: None,
    ) -> None:
        self._day = day
        self._policy = policy
        self._roster = roster
        self._centre = centre
        self._ledger = ledger
        self._after_step = after_step
        self._rng = random.Random(day.seed ^ 0x5DEECE66D)  # noqa: S311 - a simulation; other draws than the day's own
        self._agenda: list[tuple[int, int, Deed, tuple[Any, ...]]] = []
        self._entries = 0
        self._timers: list[int] = []
        """When timers of the service's own are due, as far as the driver is concerned."""
        self._told_ns = OPENING_NS
        """The latest time that the service was told."""
        self._arrivals = {arrival.contact_id: arrival for arrival in day.arrivals}
        self._accepting_queues = {queue.queue_id for queue in policy.queues if queue.auto_accept}
        self._on_shift: set[str] = set()

    async def run(self) -> None:
        """Open the centre, play the day until nobody is left, send everybody home."""
        await self._send(OPENING_NS, ApplyPolicy(self._policy, 0))
        await self._send(OPENING_NS, UpsertAgents(self._roster))
        for shift in self._day.shifts:
            self._at(shift.on_ns, self._begin_shift, shift)
        for arrival in self._day.arrivals:
            self._at(arrival.at_ns, self._arrive, arrival)
        while self._agenda or self._timers:
            if self._timers and self._timers[0] <= self._told_ns:
                heapq.heappop(self._timers)
            elif self._timers and (not self._agenda or self._timers[0] + QUIET_NS < self._agenda[0][0]):
                await self._tell_time(self._timers[0])
            else:
                at_ns, _, deed, about = heapq.heappop(self._agenda)
                await deed(at_ns, *about)
        for agent_id in sorted(self._on_shift):
            await self._send(self._told_ns + SECOND_NS, SetPresence(agent_id, Presence.OFFLINE))

    def _at(self, at_ns: int, deed: Deed, *about: object) -> None:
        self._entries += 1
        heapq.heappush(self._agenda, (max(at_ns, self._told_ns), self._entries, deed, about))

    async def _send(self, at_ns: int, command: Command) -> None:
        self._told_ns = at_ns
        for event in await self._centre.send(at_ns, command):
            self._ledger.apply(event)
            self._react(event)
        self._after_step()

    def _react(self, event: Event) -> None:
        """Plan what people do about an event."""
        match event.type:
            case EventType.OFFER_MADE:
                self._plan_answer(event)
            case EventType.OFFER_ACCEPTED | EventType.CONTACT_ASSIGNED:
                arrival = self._arrivals[event.contact_id]
                self._at(event.at_ns + arrival.talk_ns, self._complete, arrival, event.agent_id)
            case EventType.CONTACT_COMPLETED | EventType.AGENT_DELAYED | EventType.AGENT_EXCLUDED if event.until_ns:
                heapq.heappush(self._timers, event.until_ns)
            case EventType.PRESENCE_CHANGED if event.cause == PresenceCause.NOT_RESPONDING:
                self._at(event.at_ns + NOT_RESPONDING_MINUTES * MINUTE_NS, self._come_back, event.agent_id, event.text)

    def _plan_answer(self, offer: Event) -> None:
        about = (offer.contact_id, offer.agent_id, offer.offer_id)
        low, high = RING_SECONDS
        answer_ns = offer.at_ns + round(self._rng.uniform(low, high) * SECOND_NS)
        draw = self._rng.random()
        if draw < DECLINED_SHARE:
            self._at(answer_ns, self._decline, *about, OfferOutcome.DECLINED)
        elif draw < DECLINED_SHARE + BUSY_SHARE:
            self._at(offer.at_ns + BUSY_TONE_NS, self._decline, *about, OfferOutcome.BUSY)
        elif draw < DECLINED_SHARE + BUSY_SHARE + MISSED_SHARE:
            heapq.heappush(self._timers, offer.until_ns)
        else:
            self._at(answer_ns, self._accept, *about)

    async def _tell_time(self, at_ns: int) -> None:
        """The service is told what time it is; with nothing else to say, this lets it fire the timers that are due."""
        await self._send(at_ns, Heartbeat((self._roster[0].agent_id,)))

    async def _arrive(self, at_ns: int, arrival: Arrival) -> None:
        contact = EnqueueContact(
            arrival.contact_id,
            arrival.queue_id,
            arrival.channel_id,
            arrival.requirement,
            arrival.priority,
            customer_id=arrival.customer_id,
        )
        if arrival.patience_ns is not None:
            self._at(at_ns + arrival.patience_ns, self._leave, arrival.contact_id, True)
        if arrival.taken_back_after_ns is not None:
            self._at(at_ns + arrival.taken_back_after_ns, self._leave, arrival.contact_id, False)
        await self._send(at_ns, contact)

    async def _leave(self, at_ns: int, contact_id: str, abandoned: bool) -> None:
        if self._may_have_been_assigned(contact_id, at_ns):
            await self._tell_time(at_ns)
        if self._is_unanswered(contact_id):
            await self._send(at_ns, CancelContact(contact_id, abandoned))

    def _may_have_been_assigned(self, contact_id: str, at_ns: int) -> bool:
        """Whether a timer that is due, a wrap-up's for instance, may give this contact to an agent at once."""
        if not self._is_unanswered(contact_id) or not self._timers or self._timers[0] > at_ns:
            return False
        return self._arrivals[contact_id].queue_id in self._accepting_queues

    def _is_unanswered(self, contact_id: str) -> bool:
        contact = self._ledger.contacts.get(contact_id)
        return contact is not None and contact.state in (ContactState.WAITING, ContactState.OFFERED)

    def _is_live(self, contact_id: str, offer_id: int) -> bool:
        contact = self._ledger.contacts.get(contact_id)
        return contact is not None and contact.state == ContactState.OFFERED and contact.offer_id == offer_id

    async def _accept(self, at_ns: int, contact_id: str, agent_id: str, offer_id: int) -> None:
        if self._is_live(contact_id, offer_id):
            await self._send(at_ns, AcceptOffer(contact_id, agent_id, offer_id))

    async def _decline(self, at_ns: int, contact_id: str, agent_id: str, offer_id: int, outcome: OfferOutcome) -> None:
        if self._is_live(contact_id, offer_id):
            await self._send(at_ns, DeclineOffer(contact_id, agent_id, offer_id, outcome))

    async def _complete(self, at_ns: int, arrival: Arrival, agent_id: str) -> None:
        """The wrap-up takes what was drawn for it: some agents end it themselves, within the queue's longest time."""
        longest_ms = next(queue.wrap_up_ms for queue in self._policy.queues if queue.queue_id == arrival.queue_id)
        wrap_up_ms = -(-arrival.wrap_up_ns // 1_000_000)
        if 0 < wrap_up_ms < longest_ms and self._rng.random() < EARLY_WRAP_UP_SHARE:
            self._at(at_ns + arrival.wrap_up_ns, self._finish_wrap_up, arrival.contact_id, agent_id)
            wrap_up_ms = -1
        await self._send(at_ns, CompleteContact(arrival.contact_id, agent_id, wrap_up_ms))

    async def _finish_wrap_up(self, at_ns: int, contact_id: str, agent_id: str) -> None:
        await self._send(at_ns, FinishWrapUp(agent_id, contact_id))

    async def _begin_shift(self, at_ns: int, shift: Shift) -> None:
        self._on_shift.add(shift.agent_id)
        if shift.off_ns is not None:
            self._at(shift.off_ns, self._end_shift, shift)
        if shift.group == "desk" and shift.on_ns == OPENING_NS:
            # One after the other from an hour after opening, none at a change of staffing.
            index = int(shift.agent_id.rsplit("-", 1)[1])
            self._at(at_ns + (60 + 10 * (index % 5)) * MINUTE_NS, self._take_break, shift.agent_id)
        await self._send(at_ns, SetPresence(shift.agent_id, Presence.READY))

    async def _end_shift(self, at_ns: int, shift: Shift) -> None:
        self._on_shift.discard(shift.agent_id)
        await self._send(at_ns, SetPresence(shift.agent_id, Presence.OFFLINE))

    async def _take_break(self, at_ns: int, agent_id: str) -> None:
        self._at(at_ns + BREAK_MINUTES * MINUTE_NS, self._come_back, agent_id, BREAK)
        await self._send(at_ns, SetPresence(agent_id, Presence.AWAY, BREAK))

    async def _come_back(self, at_ns: int, agent_id: str, reason: str) -> None:
        agent = self._ledger.agents[agent_id]
        if agent.presence == Presence.AWAY and agent.reason == reason:
            await self._send(at_ns, SetPresence(agent_id, Presence.READY))
