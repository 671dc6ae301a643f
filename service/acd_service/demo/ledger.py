"""What happened on the day, counted from the event stream alone.

Counts, never averages of averages: service levels and average speeds are divided only when somebody looks.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from acd_core.enums import ContactState, EndCause, EventType, Presence
from acd_core.events import Event
from acd_core.policy import Policy

NAMES_OF_ENDS: Mapping[str, tuple[EndCause, ...]] = {
    "handled": (EndCause.HANDLED,),
    "abandoned": (EndCause.ABANDONED,),
    "short_abandoned": (EndCause.SHORT_ABANDON,),
    "overflowed": (EndCause.OVERFLOWED,),
    "timed_out": (EndCause.TIMED_OUT,),
    "refused": (EndCause.REFUSED_FULL, EndCause.REFUSED_CLOSED),
    "moved_to_callback": (EndCause.MOVED_TO_CALLBACK,),
    "transferred": (EndCause.TRANSFERRED,),
    "cancelled": (EndCause.CANCELLED,),
    "lost": (EndCause.LOST,),
    "set_aside": (EndCause.SET_ASIDE,),
}
"""Every way that a contact ends, by the name in the figures; a test holds that no cause is missing."""

SERVICE_LEVEL_DEFINITION = (
    "contacts answered within their queue's target (calls 20 s, chats 60 s, mail 1 h) "
    "over contacts offered less short abandons"
)


@dataclass(slots=True)
class Tally:
    """Counts of one queue, one channel or the whole day. Times are nanoseconds."""

    offered: int = 0
    answered: int = 0
    answered_in_time: int = 0
    answer_wait_ns: int = 0
    """The waits of all that were answered, together."""
    ended: Counter[EndCause] = field(default_factory=Counter)

    @property
    def service_level(self) -> float | None:
        return _ratio(self.answered_in_time, self.offered - self.ended[EndCause.SHORT_ABANDON])

    @property
    def asa_seconds(self) -> float | None:
        """Average speed of answer."""
        return _ratio(self.answer_wait_ns / 1e9, self.answered)

    def figures(self, in_progress: int) -> dict[str, int | float | None]:
        """The counts and ratios by the names that `acd demo --json` prints.

        Args:
            in_progress: how many of the contacts offered are live; counted apart, so that the sum of all ends is a
                check.
        """
        ends = {name: sum(self.ended[cause] for cause in causes) for name, causes in NAMES_OF_ENDS.items()}
        return {
            "offered": self.offered,
            **ends,
            "in_progress": in_progress,
            "answered": self.answered,
            "answered_in_time": self.answered_in_time,
            "service_level": _rounded(self.service_level, 4),
            "service_level_over_offered": _rounded(_ratio(self.answered_in_time, self.offered), 4),
            "service_level_over_answered": _rounded(_ratio(self.answered_in_time, self.answered), 4),
            "asa_seconds": _rounded(self.asa_seconds, 2),
        }


@dataclass(slots=True)
class LiveContact:
    queue_id: str
    channel_id: str
    arrived_ns: int
    state: ContactState = ContactState.WAITING
    agent_id: str = ""
    offer_id: int = 0


@dataclass(slots=True)
class LiveAgent:
    presence: Presence = Presence.OFFLINE
    reason: str = ""
    delayed: bool = False
    held: dict[str, ContactState] = field(default_factory=dict)
    """Contacts offered to it, active with it or in its wrap-up."""


class Ledger:
    """Follows the stream: who waits, who serves, what was counted. Feed it every event once, in order."""

    def __init__(self, policy: Policy) -> None:
        self._target_ns = {queue.queue_id: queue.service_level_target_ms * 1_000_000 for queue in policy.queues}
        self.total = Tally()
        self.by_queue = {queue.queue_id: Tally() for queue in policy.queues}
        self.by_channel = {channel.channel_id: Tally() for channel in policy.channels}
        self.contacts: dict[str, LiveContact] = {}
        self.agents: dict[str, LiveAgent] = {}
        self.offers_failed: Counter[int] = Counter()
        """Offers that ended without being accepted, by OfferOutcome."""
        self.events = 0
        self.gaps = 0
        """Places where the stream skipped or repeated a number; stays 0."""
        self.now_ns = 0

    def apply(self, event: Event) -> None:
        """Count one event."""
        self.events += 1
        if event.event_seq != self.events:
            self.gaps += 1
        self.now_ns = event.at_ns
        match event.type:
            case EventType.CONTACT_ENQUEUED:
                self.contacts[event.contact_id] = LiveContact(event.queue_id, event.channel_id, event.at_ns)
                for tally in self._tallies(event.contact_id):
                    tally.offered += 1
            case EventType.OFFER_MADE:
                self._hold(event, ContactState.OFFERED)
            case EventType.OFFER_ACCEPTED | EventType.CONTACT_ASSIGNED:
                self._hold(event, ContactState.ACTIVE)
                in_time = event.wait_ns <= self._target_ns[event.queue_id]
                for tally in self._tallies(event.contact_id):
                    tally.answered += 1
                    tally.answered_in_time += in_time
                    tally.answer_wait_ns += event.wait_ns
            case EventType.OFFER_ENDED:
                self.offers_failed[event.cause] += 1
                self._release(event.contact_id)
            case EventType.CONTACT_COMPLETED:
                self._hold(event, ContactState.WRAP_UP)
            case EventType.CONTACT_CLOSED:
                for tally in self._tallies(event.contact_id):
                    tally.ended[EndCause(event.cause)] += 1
                self._release(event.contact_id)
                del self.contacts[event.contact_id]
            case EventType.PRESENCE_CHANGED:
                agent = self.agents[event.agent_id]
                agent.presence = Presence(event.presence)
                agent.reason = event.text
                if agent.presence == Presence.OFFLINE:
                    agent.delayed = False
            case EventType.AGENT_ADDED:
                self.agents[event.agent_id] = LiveAgent()
            case EventType.AGENT_DELAYED:
                self.agents[event.agent_id].delayed = True
            case EventType.AGENT_DELAY_ENDED:
                self.agents[event.agent_id].delayed = False

    def waiting(self, queue_id: str) -> list[int]:
        """Arrival times of those who wait in a queue, in ns, in no particular order."""
        return [
            contact.arrived_ns
            for contact in self.contacts.values()
            if contact.state == ContactState.WAITING and contact.queue_id == queue_id
        ]

    def figures(self) -> dict[str, int | float | None]:
        """Of the whole day."""
        return self.total.figures(len(self.contacts))

    def figures_by_queue(self) -> dict[str, dict[str, int | float | None]]:
        live = Counter(contact.queue_id for contact in self.contacts.values())
        return {queue_id: tally.figures(live[queue_id]) for queue_id, tally in self.by_queue.items()}

    def figures_by_channel(self) -> dict[str, dict[str, int | float | None]]:
        live = Counter(contact.channel_id for contact in self.contacts.values())
        return {channel_id: tally.figures(live[channel_id]) for channel_id, tally in self.by_channel.items()}

    def _tallies(self, contact_id: str) -> tuple[Tally, Tally, Tally]:
        contact = self.contacts[contact_id]
        return self.total, self.by_queue[contact.queue_id], self.by_channel[contact.channel_id]

    def _hold(self, event: Event, state: ContactState) -> None:
        contact = self.contacts[event.contact_id]
        contact.state = state
        contact.agent_id = event.agent_id
        contact.offer_id = event.offer_id or contact.offer_id
        self.agents[event.agent_id].held[event.contact_id] = state

    def _release(self, contact_id: str) -> None:
        contact = self.contacts[contact_id]
        if contact.agent_id:
            del self.agents[contact.agent_id].held[contact_id]
        contact.state = ContactState.WAITING
        contact.agent_id = ""
        contact.offer_id = 0


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
