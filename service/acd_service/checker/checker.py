"""Judges a tenant's history from its commands and events alone (routing model, section 16).

The checker keeps its own picture of the tenant and walks through each command as the model prescribes; every event has
to be the one that is called for at that place, and every assignment the one that sections 3 to 6 and 9 demand. It
never asks an engine and shares no code with one.

    checker = Checker(seed)
    for each accepted command, in order:
        violation = checker.observe(seq, at_ns, command, events)

The first violation ends the judging: what follows would be measured against a picture that the events have left.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from acd_core.commands import Command, EnqueueContact, Resume, SetAgentAside, SetContactAside, Tick, TransferContact
from acd_core.enums import ContactState, EndCause, EventType, TimerKind
from acd_core.events import Event
from acd_core.limits import AT_NS_MAX
from acd_service.checker.choice import (
    Draws,
    Match,
    agent_chooses,
    contacts_choose,
    first_for,
    obstacle,
    somebody_for,
)
from acd_service.checker.story import Story
from acd_service.checker.violation import BrokenError, Invariant, Violation
from acd_service.checker.world import Agent, Contact

_MATCHES = (EventType.OFFER_MADE, EventType.CONTACT_ASSIGNED)
_EVENTS_SHOWN_MAX = 50
_MAY_BE_SILENT = (TimerKind.PLAN_STEP, TimerKind.WINDOW_END)
"""A step whose condition does not hold, and a window that ends while the callback is offered, give no event."""


class Checker:
    """The judge of one tenant, from its first command on.

    Args:
        seed: the seed of the tenant's engine, for the random strategy.
        thorough_every: after every so many commands section 9 and the books are judged from scratch, every agent
            against every waiting contact, besides the judging of what changed after each command. 0 for never.
    """

    def __init__(self, seed: int = 0, *, thorough_every: int = 4_096) -> None:
        self._story = Story()
        self._draws = Draws(seed)
        self._thorough_every = thorough_every
        self.seq = 0
        self.violation: Violation | None = None

    @property
    def violations(self) -> int:
        """How many violations were found; judging ends at the first."""
        return int(self.violation is not None)

    @property
    def closed(self) -> dict[EndCause, int]:
        """Segments closed so far, by cause."""
        return dict(self._story.closed)

    @property
    def opened(self) -> int:
        """Segments opened so far."""
        return self._story.segments_opened

    def observe(self, seq: int, at_ns: int, command: Command, events: Sequence[Event]) -> Violation | None:
        """Judge the next accepted command and its events; returns the first violation, this one or an earlier one."""
        if self.violation is None:
            try:
                self._judge(seq, at_ns, command, events)
            except BrokenError as broken:
                shown = tuple(repr(event) for event in islice(events, _EVENTS_SHOWN_MAX))
                self.violation = Violation(broken.invariant, broken.reason, seq, at_ns, repr(command), shown)
        return self.violation

    def _judge(self, seq: int, at_ns: int, command: Command, events: Sequence[Event]) -> None:
        story = self._story
        if seq != self.seq + 1:
            raise BrokenError(Invariant.SEQUENCE, f"seq {seq} follows {self.seq}")
        if not max(story.now_ns, 1) <= at_ns <= AT_NS_MAX:
            raise BrokenError(Invariant.SEQUENCE, f"the time {at_ns} follows {story.now_ns}")
        self.seq = seq
        story.cursor.begin(seq, events)
        if isinstance(command, Tick):
            self._tick(at_ns)
        elif isinstance(command, Resume):
            gap_ns = at_ns - story.now_ns
            story.now_ns = at_ns
            story.timers.postpone((TimerKind.OFFER_EXPIRY, TimerKind.LEASE_END), gap_ns)
            story.take(EventType.RESUMED, duration_ns=gap_ns)
        else:
            first = story.timers.first()
            if first is not None and first[0] <= at_ns and not isinstance(command, SetContactAside | SetAgentAside):
                raise BrokenError(Invariant.TIMERS, f"{_named(first[1])} was due at {first[0]}, before the command")
            story.now_ns = at_ns
            story.tell(command)
            self._match()
            self._settle(command)
        story.cursor.take_end()
        self._check_books()
        if self._thorough_every and seq % self._thorough_every == 0:
            self._check_everybody()

    def _settle(self, command: Command) -> None:
        """What comes after matching: full queues, and the predictions that will be scored."""
        story = self._story
        contact: Contact | None = None
        if isinstance(command, EnqueueContact):
            contact = story.newcomer(command)
            if contact is not None and not contact.callback_address:
                for _ in story.leave_full_queues(contact):
                    self._match()
        elif isinstance(command, TransferContact):
            contact = story.world.contacts.get(command.contact_id)
        if contact is not None:
            story.predict(contact)

    def _tick(self, at_ns: int) -> None:
        story = self._story
        while (first := story.timers.first()) is not None and first[0] <= at_ns:
            due_ns, key = first
            if story.cursor.peek() is None and key[0] not in _MAY_BE_SILENT:
                raise BrokenError(Invariant.TIMERS, f"{_named(key)} was due at {due_ns} and did not fire")
            story.now_ns = max(story.now_ns, due_ns)
            story.timers.disarm(key)
            try:
                story.fire(*key)
            except BrokenError as broken:
                raise BrokenError(broken.invariant, f"{_named(key)} fires: {broken.reason}") from None
            self._match()
        story.now_ns = at_ns

    # Matching

    def _match(self) -> None:
        """Match until nothing calls for it: whoever is released meanwhile chooses, or is chosen, after the others."""
        story = self._story
        looked_at: list[Contact] = []
        while True:
            story.judge_reservations()
            touched, gained, policy_changed = story.touched, story.gained, story.policy_changed
            story.touched, story.gained, story.policy_changed = [], {}, False
            looked_at += touched
            self._match_once([agent for agent in gained.values() if agent.available()], bool(touched) or policy_changed)
            if not story.touched and not story.gained:
                break
        event = story.cursor.peek()
        if event is not None and event.type in _MATCHES:
            self._blame(event, None)
        self._check_left_waiting(looked_at)
        story.world.changed_agents.clear()

    def _match_once(self, gained: list[Agent], everybody: bool) -> None:
        story = self._story
        if not everybody and len(gained) == 1:
            for match in agent_chooses(story.world, gained[0], story.now_ns):
                self._carry_out(match)
        elif everybody or gained:
            for match in contacts_choose(story.world, story.now_ns, self._draws):
                self._carry_out(match)

    def _carry_out(self, match: Match) -> None:
        event = self._story.cursor.peek()
        if event is None or event.type not in _MATCHES:
            raise BrokenError(
                Invariant.LEFT_WAITING,
                f"{match.contact.contact_id} waits though {match.agent.spec.agent_id} may serve it",
            )
        contact = match.contact
        queue_id = contact.second_id if match.second else contact.queue_id
        due = (contact.contact_id, match.agent.spec.agent_id, queue_id)
        if (event.contact_id, event.agent_id, event.queue_id) != due:
            self._blame(event, match)
        self._story.carry_out(match)

    def _blame(self, event: Event, due: Match | None) -> None:
        """Say what is wrong with an assignment that is not the one that is due."""
        world = self._story.world
        contact = world.contacts.get(event.contact_id)
        agent = world.agents.get(event.agent_id)
        if contact is None or agent is None:
            raise BrokenError(Invariant.REACH, f"{event!r} names who does not exist")
        if not world.wants(contact):
            state = contact.state.name.lower()
            raise BrokenError(Invariant.ONCE, f"{contact.contact_id} is assigned while it is {state}")
        why_not = obstacle(world, agent, contact)
        if why_not:
            invariant = Invariant.ROOM if why_not.startswith("rule 2") else Invariant.REACH
            raise BrokenError(invariant, f"{contact.contact_id} goes to {agent.spec.agent_id} against {why_not}")
        if due is None:
            raise BrokenError(
                Invariant.OVERTAKEN, f"{contact.contact_id} goes to {agent.spec.agent_id} when nothing called for it"
            )
        who = due.chosen_by.name.lower()
        if due.contact is not contact:
            raise BrokenError(
                Invariant.OVERTAKEN,
                f"the {who} chooses: {contact.contact_id} is taken where {due.contact.contact_id} comes first",
            )
        raise BrokenError(
            Invariant.OVERTAKEN,
            f"the {who} chooses: {contact.contact_id} goes to {agent.spec.agent_id} where "
            f"{due.agent.spec.agent_id} comes first",
        )

    # Invariants

    def _check_left_waiting(self, touched: list[Contact]) -> None:
        """Section 9 for whoever changed: the agents looked at again and the contacts put into their places."""
        story = self._story
        for agent in story.world.changed_agents.values():
            if agent.room_on:
                choice = first_for(story.world, agent, story.now_ns)
                if choice is not None:
                    self._left_waiting(choice.contact, agent.spec.agent_id)
        for contact in touched:
            able = somebody_for(story.world, contact)
            if able is not None:
                self._left_waiting(contact, able.spec.agent_id)

    def _check_everybody(self) -> None:
        world = self._story.world
        wanting = [contact for contact in world.contacts.values() if world.wants(contact)]
        for agent in world.agents.values():
            room_on = {name for name in world.channels if agent.available() and world.room(agent, name)}
            assert room_on == agent.room_on, "the checker's index of room is true to section 4"
            if room_on:
                for contact in wanting:
                    if contact.channel_id in room_on and not obstacle(world, agent, contact):
                        self._left_waiting(contact, agent.spec.agent_id)
        waiting = [contact for contact in wanting if contact.state == ContactState.WAITING]
        held = Counter(contact.ordinal for agent in world.agents.values() for contact in agent.holds.values())
        for contact in world.contacts.values():
            holders = 1 if contact.agent is not None else len(contact.offers)
            if held[contact.ordinal] != holders or (contact.agent is not None and contact.offers):
                raise BrokenError(Invariant.ONCE, f"{contact.contact_id} is held twice, or waits and is held")
            if len(contact.offers) > 1 and not all(offer.broadcast for offer in contact.offers.values()):
                raise BrokenError(Invariant.ONCE, f"{contact.contact_id} is offered twice, and not by broadcast")
        if len(waiting) != world.waiting:
            raise BrokenError(Invariant.ONCE, "those who wait and those in line are not the same")

    def _left_waiting(self, contact: Contact, agent_id: str) -> None:
        raise BrokenError(Invariant.LEFT_WAITING, f"{contact.contact_id} waits though {agent_id} may serve it")

    def _check_books(self) -> None:
        story = self._story
        live = len(story.world.contacts)
        closed = sum(story.closed.values())
        if story.segments_opened != live + closed:
            raise BrokenError(Invariant.BOOKS, f"{story.segments_opened} opened, {live} live, {closed} closed")


def _named(key: tuple[TimerKind, int, int]) -> str:
    kind, contact_ordinal, agent_ordinal = key
    about = [f"contact {contact_ordinal}"] * (contact_ordinal >= 0) + [f"agent {agent_ordinal}"] * (agent_ordinal >= 0)
    return f"{kind.name} of {' and '.join(about)} (by order of creation)"
