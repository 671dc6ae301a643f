"""A chat gateway: each user is one customer's window, with one chat after the other."""

from typing import Any, Final

from locust import task

from acd.v1.contact_commands_pb2 import (
    CancelContactRequest,
    CompleteContactRequest,
    EnqueueContactRequest,
    UpdateContactRequest,
)
from acd.v1.contact_pb2 import CONTACT_STATE_ACTIVE, CONTACT_STATE_CLOSED, Attributes
from acd.v1.routing_service_pb2 import GetContactRequest
from load.centre import CHAT, CHATS_QUEUE
from load.grpc_user import GrpcUser

MESSAGES: Final = 3
TYPING_S: Final = 0.3
PATIENCE_S: Final = 6.0

_ENDED_MEANWHILE: Final = frozenset(("UNKNOWN_CONTACT",))
_NOT_ACTIVE_ANY_MORE: Final = frozenset(("UNKNOWN_CONTACT", "CONTACT_NOT_ACTIVE"))


class ChatGateway(GrpcUser):
    """Chats are given to an agent at once, or the gateway asks now and then whether there is one."""

    weight = 15

    @task
    def chat(self) -> None:
        """From the first message to the last."""
        contact_id = self.site.name("chat")
        state = self._arrive(contact_id)
        if state != CONTACT_STATE_ACTIVE:
            state = self._wait_for_agent(contact_id)
        if state == CONTACT_STATE_CLOSED:
            return
        if state != CONTACT_STATE_ACTIVE:
            cancel = CancelContactRequest(contact_id=contact_id)
            expected = frozenset(("CONTACT_NOT_WAITING",))
            if self.calls.unary("CancelContact", self.to.routing.CancelContact, cancel, expected) is not None:
                return
        for number in range(MESSAGES):
            self.pause(TYPING_S)
            facts = Attributes(values={"messages": str(number + 1)})
            update = UpdateContactRequest(contact_id=contact_id, attributes=facts)
            self.calls.unary("UpdateContact", self.to.routing.UpdateContact, update, _NOT_ACTIVE_ANY_MORE)
        complete = CompleteContactRequest(contact_id=contact_id)
        self.calls.unary("CompleteContact", self.to.routing.CompleteContact, complete, _NOT_ACTIVE_ANY_MORE)

    def _arrive(self, contact_id: str) -> Any:
        request = EnqueueContactRequest(
            request_id=contact_id,
            contact_id=contact_id,
            queue_id=CHATS_QUEUE,
            channel=CHAT,
            attributes={"page": "/help", "messages": "0"},
        )
        answer = self.calls.unary("EnqueueContact", self.to.routing.EnqueueContact, request)
        self.site.ledger.acknowledge(contact_id, answer.seq)
        if self.draws.random() < 0.05:
            self._repeat(request, answer.seq)
        return answer.contact.state

    def _repeat(self, request: EnqueueContactRequest, seq: int) -> None:
        """As a gateway does whose first answer was lost on the way: the same answer must come again."""
        again = self.calls.unary("EnqueueContact (again)", self.to.routing.EnqueueContact, request)
        if not again.duplicate or again.seq != seq:
            self.calls.failed_check("EnqueueContact (again)", "a repeated request was not answered as the first time")

    def _wait_for_agent(self, contact_id: str) -> Any:
        """Ask now and then; the state that was seen last, CLOSED if the contact is gone."""
        ask = GetContactRequest(contact_id=contact_id)
        for _ in range(int(PATIENCE_S / TYPING_S)):
            self.pause(TYPING_S)
            seen = self.calls.unary("GetContact", self.to.routing.GetContact, ask, _ENDED_MEANWHILE)
            if seen is None:
                return CONTACT_STATE_CLOSED
            if seen.contact.state == CONTACT_STATE_ACTIVE or self.site.is_stopping:
                break
        return seen.contact.state
