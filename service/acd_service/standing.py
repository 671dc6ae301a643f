"""How a contact stands, followed from event to event: for the streams about one contact."""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from acd_core.enums import ContactState, EventType
from acd_core.events import Answer, Event

_OVER: Final = (ContactState.ACTIVE, ContactState.WRAP_UP, ContactState.CLOSED)


class LiveOffer(NamedTuple):
    offer_id: int
    agent_id: str
    expires_ns: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Times in nanoseconds since the Unix epoch; 0 and empty where there is nothing."""

    contact_id: str
    state: int
    agent_id: str = ""
    offer_id: int = 0
    offer_expires_ns: int = 0
    end_cause: int = 0
    others: tuple[LiveOffer, ...] = ()
    """Live offers besides the one above, where a contact is offered to several agents; by id."""

    @classmethod
    def of_answer(cls, answer: Answer) -> "Standing":
        """As a command left it; the offers beside the first are among its events."""
        others = tuple(
            LiveOffer(event.offer_id, event.agent_id, event.until_ns)
            for event in answer.events
            if event.type == EventType.OFFER_MADE
            and event.contact_id == answer.contact_id
            and event.offer_id > answer.offer_id
            and answer.contact_state == ContactState.OFFERED
        )
        return cls(
            answer.contact_id,
            answer.contact_state,
            answer.agent_id,
            answer.offer_id,
            answer.offer_expires_ns,
            others=others,
        )

    def after(self, event: Event) -> "Standing":
        """How the contact stands after an event about it."""
        match event.type:
            case EventType.CONTACT_ENQUEUED | EventType.CALLBACK_DUE:
                return Standing(self.contact_id, ContactState.WAITING)
            case EventType.CONTACT_SCHEDULED:
                return Standing(self.contact_id, ContactState.SCHEDULED)
            case EventType.OFFER_ENDED:
                return self._without_offer(event.offer_id)
            case EventType.OFFER_MADE:
                if self.state == ContactState.OFFERED:
                    made = LiveOffer(event.offer_id, event.agent_id, event.until_ns)
                    return replace(self, others=(*self.others, made))
                return Standing(self.contact_id, ContactState.OFFERED, event.agent_id, event.offer_id, event.until_ns)
            case EventType.OFFER_ACCEPTED | EventType.CONTACT_ASSIGNED:
                return Standing(self.contact_id, ContactState.ACTIVE, event.agent_id, event.offer_id)
            case EventType.CONTACT_COMPLETED:
                return replace(self, state=ContactState.WRAP_UP)
            case EventType.CONTACT_CLOSED:
                return Standing(self.contact_id, ContactState.CLOSED, end_cause=event.cause)
        return self

    def _without_offer(self, offer_id: int) -> "Standing":
        if self.state != ContactState.OFFERED:
            return self
        if offer_id != self.offer_id:
            return replace(self, others=tuple(offer for offer in self.others if offer.offer_id != offer_id))
        if not self.others:
            return Standing(self.contact_id, ContactState.WAITING)
        first, *others = self.others
        return replace(
            self,
            agent_id=first.agent_id,
            offer_id=first.offer_id,
            offer_expires_ns=first.expires_ns,
            others=tuple(others),
        )

    def as_answer(self, event: Event) -> Answer:
        """As a command would be answered that had just caused `event`."""
        return Answer(
            event.seq,
            event.at_ns,
            contact_id=self.contact_id,
            contact_state=self.state,
            agent_id=self.agent_id,
            offer_id=self.offer_id,
            offer_expires_ns=self.offer_expires_ns,
        )

    @property
    def is_settled(self) -> bool:
        """Whether nobody needs to follow the contact any more: it is with an agent, or it has ended."""
        return self.state in _OVER
