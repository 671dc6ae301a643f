"""The figures counted in plain Python, event by event: what the compiled counter has to come to.

What was changed since the last `settled` is marked; `Tables` writes it as the service does, into dictionaries.
"""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Final

from acd_core.enums import EndCause, EventType, OfferOutcome, Presence
from acd_core.events import Event
from acd_service.figures.counts import INTERVAL_NS, REASONS_MAX, AgentFigures, QueueCounts, QueueKey

Targets = Callable[[int], Mapping[str, int]]
"""From a version of the policy to the service-level targets of its queues, in nanoseconds."""


@dataclass(slots=True)
class OpenContact:
    """A live contact, as far as the figures need it."""

    queue_id: str
    channel_id: str
    agent_id: str = ""
    """Who serves it; empty while it waits."""
    held_since_ns: int = 0
    held_ns: int = 0
    completed_ns: int = 0
    """When its conversation ended; 0 before."""


@dataclass(slots=True)
class AgentNow:
    """What an agent does now, and the figures of its session if it is signed on."""

    session: AgentFigures | None = None
    presence: int = Presence.OFFLINE
    reason: str = ""
    active: int = 0
    wrap_ups: int = 0
    held: int = 0
    since_ns: int = 0
    """Up to when the session's figures go."""
    away_by_reason: dict[str, int] = field(default_factory=dict)

    def advance_to(self, at_ns: int) -> None:
        """Count the time until `at_ns` as what the agent was doing."""
        spent_ns = at_ns - self.since_ns
        self.since_ns = at_ns
        session = self.session
        if session is None or spent_ns <= 0:
            return
        if self.active:
            session.talk_ns += spent_ns
            if self.held:
                session.held_ns += spent_ns
        elif self.wrap_ups:
            session.wrap_up_ns += spent_ns
        elif self.presence == Presence.READY:
            session.ready_ns += spent_ns
        else:
            session.away_ns += spent_ns
            reasons = self.away_by_reason
            reason = self.reason if self.reason in reasons or len(reasons) < REASONS_MAX else ""
            reasons[reason] = reasons.get(reason, 0) + spent_ns


@dataclass(slots=True)
class Changed:
    """What a store has to write."""

    intervals: dict[tuple[QueueKey, int], QueueCounts] = field(default_factory=dict)
    """By queue and start of the interval."""
    contacts: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    ended: list[tuple[AgentFigures, dict[str, int]]] = field(default_factory=list)
    """Sessions that are over, with the times away by reason."""


class Projection:
    """The counts as they stand after the event `event_seq`."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._target_ns: Mapping[str, int] = {}
        self.event_seq = 0
        self.policy_version = 0
        self.contacts: dict[str, OpenContact] = {}
        self.agents: dict[str, AgentNow] = {}
        self.latest: dict[QueueKey, tuple[int, QueueCounts]] = {}
        """For each queue and channel the newest interval that has any counts, with its start."""
        self.changed = Changed()
        self._handlers: Final[Mapping[int, Callable[[Event], None]]] = {
            EventType.POLICY_APPLIED: self._policy_applied,
            EventType.PRESENCE_CHANGED: self._presence_changed,
            EventType.CONTACT_ENQUEUED: self._opened,
            EventType.SEGMENT_OPENED: self._opened,
            EventType.CONTACT_MOVED: self._moved,
            EventType.CONTACT_HELD: self._held,
            EventType.CONTACT_RETRIEVED: self._retrieved,
            EventType.OFFER_ACCEPTED: self._answered,
            EventType.CONTACT_ASSIGNED: self._answered,
            EventType.OFFER_ENDED: self._offer_ended,
            EventType.CONTACT_COMPLETED: self._completed,
            EventType.CONTACT_CLOSED: self._closed,
        }

    def use_policy(self, policy_version: int) -> None:
        """Measure by the service-level targets of this version from now on."""
        self.policy_version = policy_version
        self._target_ns = self._targets(policy_version)

    def apply(self, event: Event) -> None:
        """Count one event, the one after `event_seq`. One about a contact that began before the first event that was
        seen is passed over.
        """
        self.event_seq = event.event_seq
        handler = self._handlers.get(event.type)
        if handler is not None:
            handler(event)

    def settled(self) -> Changed:
        """What was changed since the last time."""
        changed, self.changed = self.changed, Changed()
        return changed

    def agent_figures(self, agent_id: str, at_ns: int) -> AgentFigures | None:
        """The figures of an agent that is signed on, up to `at_ns`."""
        now = self.agents.get(agent_id)
        if now is None or now.session is None:
            return None
        shown = replace(now, session=replace(now.session), away_by_reason=dict(now.away_by_reason))
        shown.advance_to(max(at_ns, now.since_ns))
        return shown.session

    def _counts(self, key: QueueKey, at_ns: int) -> QueueCounts:
        start_ns = at_ns - at_ns % INTERVAL_NS
        latest = self.latest.get(key)
        if latest is None:
            counts = QueueCounts()
        elif latest[0] == start_ns:
            counts = latest[1]
        else:
            counts = QueueCounts(waiting=latest[1].waiting)
        self.latest[key] = (start_ns, counts)
        self.changed.intervals[key, start_ns] = counts
        return counts

    def _agent(self, agent_id: str, at_ns: int) -> AgentNow:
        agent = self.agents.get(agent_id)
        if agent is None:
            agent = self.agents[agent_id] = AgentNow(since_ns=at_ns)
        agent.advance_to(at_ns)
        self.changed.agents.add(agent_id)
        return agent

    def _let_go(self, agent_id: str, agent: AgentNow) -> None:
        """Forget an agent of whom there is nothing more to know."""
        if agent.session is None and not (agent.active or agent.wrap_ups):
            del self.agents[agent_id]

    def _policy_applied(self, event: Event) -> None:
        self.use_policy(event.policy_version)

    def _presence_changed(self, event: Event) -> None:
        agent = self._agent(event.agent_id, event.at_ns)
        agent.presence, agent.reason = event.presence, event.text
        if event.presence != Presence.OFFLINE:
            if agent.session is None:
                agent.session = AgentFigures(event.agent_id, event.at_ns)
        elif agent.session is not None:
            agent.session.signed_off_ns = event.at_ns
            self.changed.ended.append((agent.session, agent.away_by_reason))
            agent.session, agent.away_by_reason = None, {}
        self._let_go(event.agent_id, agent)

    def _opened(self, event: Event) -> None:
        self.contacts[event.contact_id] = OpenContact(event.queue_id, event.channel_id)
        self.changed.contacts.add(event.contact_id)
        counts = self._counts(QueueKey(event.queue_id, event.channel_id), event.at_ns)
        counts.offered += 1
        counts.waiting += 1

    def _moved(self, event: Event) -> None:
        contact = self.contacts.get(event.contact_id)
        if contact is not None and not contact.agent_id:
            self._move(event, contact)

    def _move(self, event: Event, contact: OpenContact) -> None:
        """A waiting contact goes to another queue: overflowed here, offered there. A second queue is none of this."""
        if event.queue_id == contact.queue_id:
            return
        left = self._counts(QueueKey(contact.queue_id, contact.channel_id), event.at_ns)
        left.overflowed += 1
        left.waiting -= 1
        contact.queue_id = event.queue_id
        self.changed.contacts.add(event.contact_id)
        entered = self._counts(QueueKey(contact.queue_id, contact.channel_id), event.at_ns)
        entered.offered += 1
        entered.waiting += 1

    def _answered(self, event: Event) -> None:
        contact = self.contacts.get(event.contact_id)
        if contact is None:
            return
        self._move(event, contact)  # if its second queue's entry was matched
        contact.agent_id = event.agent_id
        self.changed.contacts.add(event.contact_id)
        counts = self._counts(QueueKey(contact.queue_id, contact.channel_id), event.at_ns)
        counts.waiting -= 1
        counts.answered += 1
        counts.answered_wait_ns += event.wait_ns
        counts.answered_wait_max_ns = max(counts.answered_wait_max_ns, event.wait_ns)
        if event.wait_ns <= self._target_ns.get(contact.queue_id, 0):
            counts.answered_within_target += 1
        agent = self._agent(event.agent_id, event.at_ns)
        agent.active += 1
        if agent.session is not None:
            agent.session.contacts += 1

    def _offer_ended(self, event: Event) -> None:
        if event.cause == OfferOutcome.MISSED:
            agent = self._agent(event.agent_id, event.at_ns)
            if agent.session is not None:
                agent.session.misses += 1
            self._let_go(event.agent_id, agent)

    def _held(self, event: Event) -> None:
        contact = self.contacts.get(event.contact_id)
        if contact is not None and not contact.held_since_ns:
            contact.held_since_ns = event.at_ns
            self.changed.contacts.add(event.contact_id)
            self._agent(contact.agent_id, event.at_ns).held += 1

    def _retrieved(self, event: Event) -> None:
        contact = self.contacts.get(event.contact_id)
        if contact is not None and contact.held_since_ns:
            contact.held_ns += event.at_ns - contact.held_since_ns
            contact.held_since_ns = 0
            self.changed.contacts.add(event.contact_id)
            self._agent(contact.agent_id, event.at_ns).held -= 1

    def _completed(self, event: Event) -> None:
        contact = self.contacts.get(event.contact_id)
        if contact is None:
            return
        self._retrieved(event)
        contact.completed_ns = event.at_ns
        self.changed.contacts.add(event.contact_id)
        counts = self._counts(QueueKey(contact.queue_id, contact.channel_id), event.at_ns)
        counts.talk_ns += event.duration_ns
        counts.held_ns += contact.held_ns
        agent = self._agent(contact.agent_id, event.at_ns)
        agent.active -= 1
        agent.wrap_ups += 1

    def _closed(self, event: Event) -> None:
        contact = self.contacts.pop(event.contact_id, None)
        if contact is None:
            return
        self.changed.contacts.add(event.contact_id)
        counts = self._counts(QueueKey(contact.queue_id, contact.channel_id), event.at_ns)
        if contact.agent_id:
            agent = self._agent(contact.agent_id, event.at_ns)
            if contact.completed_ns:
                counts.wrap_up_ns += event.at_ns - contact.completed_ns
                agent.wrap_ups -= 1
            else:
                agent.active -= 1
                agent.held -= bool(contact.held_since_ns)
            self._let_go(contact.agent_id, agent)
            return
        counts.waiting -= 1
        match event.cause:
            case EndCause.ABANDONED:
                counts.abandoned += 1
                if event.wait_ns <= self._target_ns.get(contact.queue_id, 0):
                    counts.abandoned_within_target += 1
            case EndCause.SHORT_ABANDON:
                counts.short_abandoned += 1
            case EndCause.OVERFLOWED:
                counts.overflowed += 1
            case _:
                counts.ended_otherwise += 1


class Tables:
    """What the store's tables have to hold, each as a dictionary from key to the rest of the row."""

    def __init__(self) -> None:
        self.queue_intervals: dict[tuple[object, ...], tuple[object, ...]] = {}
        self.open_contacts: dict[tuple[object, ...], tuple[object, ...]] = {}
        self.agent_sessions: dict[tuple[object, ...], tuple[object, ...]] = {}
        self.agent_away: dict[tuple[object, ...], tuple[object, ...]] = {}
        self.agents_now: dict[tuple[object, ...], tuple[object, ...]] = {}

    def save(self, projection: Projection) -> None:
        """Write what a projection changed since the last time."""
        changed = projection.settled()
        for (key, start_ns), counts in changed.intervals.items():
            self.queue_intervals[*key, start_ns] = astuple(counts)
        for name in changed.contacts:
            self.open_contacts.pop((name,), None)
            if name in projection.contacts:
                self.open_contacts[name,] = astuple(projection.contacts[name])
        for session, away in changed.ended:
            self._put_session(session, away)
        for name in changed.agents:
            self.agents_now.pop((name,), None)
            agent = projection.agents.get(name)
            if agent is not None:
                signed_on_ns = None if agent.session is None else agent.session.signed_on_ns
                self.agents_now[name,] = (
                    agent.presence, agent.reason, agent.active, agent.wrap_ups, agent.held, agent.since_ns,
                    signed_on_ns,
                )  # fmt: skip
                if agent.session is not None:
                    self._put_session(agent.session, agent.away_by_reason)

    def _put_session(self, session: AgentFigures, away: dict[str, int]) -> None:
        agent_id, start_ns, *figures = astuple(session)
        self.agent_sessions[agent_id, start_ns] = tuple(figures)
        for reason, away_ns in away.items():
            self.agent_away[agent_id, start_ns, reason] = (away_ns,)
