"""How a contact stands, followed from event to event: for the streams about one contact."""

from dataclasses import dataclass, replace
from typing import Final

from acd_core.enums import ContactState, EventType
from acd_core.events import Answer, Event

_OVER: Final = (ContactState.ACTIVE, ContactState.WRAP_UP, ContactState.CLOSED)


@dataclass(frozen=True, slots=True)
class Standing:
    """Times in nanoseconds since the Unix epoch; 0 and empty where there is nothing."""

    contact_id: str
    state: int
    agent_id: str = ""
    offer_id: int = 0
    offer_expires_ns: int = 0
    end_cause: int = 0

    @classmethod
    def of_answer(cls, answer: Answer) -> "Standing":
        return cls(answer.contact_id, answer.contact_state, answer.agent_id, answer.offer_id, answer.offer_expires_ns)

    def after(self, event: Event) -> "Standing":
        """How the contact stands after an event about it."""
        match event.type:
            case EventType.CONTACT_ENQUEUED | EventType.OFFER_ENDED:
                return Standing(self.contact_id, ContactState.WAITING)
            case EventType.OFFER_MADE:
                return Standing(self.contact_id, ContactState.OFFERED, event.agent_id, event.offer_id, event.until_ns)
            case EventType.OFFER_ACCEPTED | EventType.CONTACT_ASSIGNED:
                return Standing(self.contact_id, ContactState.ACTIVE, event.agent_id, event.offer_id)
            case EventType.CONTACT_COMPLETED:
                return replace(self, state=ContactState.WRAP_UP)
            case EventType.CONTACT_CLOSED:
                return Standing(self.contact_id, ContactState.CLOSED, end_cause=event.cause)
        return self

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
