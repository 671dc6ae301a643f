"""An agent at a desk: follows its offers, answers calls on the screen, finishes its work after them, takes breaks."""

from typing import Any, Final

import gevent
from locust import constant, task

from acd.v1.agent_commands_pb2 import (
    FinishWrapUpRequest,
    HeartbeatRequest,
    SetPresenceRequest,
    UpsertAgentsRequest,
)
from acd.v1.agent_pb2 import PRESENCE_AWAY, PRESENCE_OFFLINE, PRESENCE_READY
from acd.v1.agent_service_pb2 import WatchAgentRequest
from acd.v1.contact_commands_pb2 import AcceptOfferRequest, DeclineOfferRequest
from acd.v1.contact_pb2 import CONTACT_STATE_OFFERED, CONTACT_STATE_WRAP_UP
from load import centre
from load.calls import Stream
from load.grpc_user import GrpcUser

THINKING_S: Final = 0.2
WRAP_UP_S: Final = 0.4
BREAK_S: Final = 1.0
REOPEN_S: Final = 0.2

_TOO_LATE: Final = frozenset(
    (
        "OFFER_EXPIRED",
        "OFFER_RELEASED",
        "OFFER_NOT_LIVE",
        "OFFER_ALREADY_ACCEPTED",
        "OFFER_DECLINED",
        "NOT_OFFERED_TO_AGENT",
        "UNKNOWN_CONTACT",
    )
)
_WRAP_UP_OVER: Final = frozenset(("UNKNOWN_CONTACT", "CONTACT_NOT_IN_WRAP_UP"))


class AgentDesktop(GrpcUser):
    """One agent. Its stream is read in a greenlet of its own, and each contact is dealt with in another."""

    weight = 40
    wait_time = constant(1)

    def on_start(self) -> None:
        """Sign on."""
        self.agent_id = self.site.name("agent")
        self._is_gone = False
        self._stream: Stream | None = None
        spec = centre.agent(self.agent_id, self.site.number())
        self.calls.unary("UpsertAgents", self.to.agents.UpsertAgents, UpsertAgentsRequest(agents=[spec]))
        self._reader = gevent.spawn(self._watch)
        self._be(PRESENCE_READY)

    def on_stop(self) -> None:
        """Sign off: offers are taken back, a call goes on to its end."""
        self._is_gone = True
        if self._stream is not None:
            self._stream.close()
        self._reader.join(timeout=5)
        with self.told_already():
            self._be(PRESENCE_OFFLINE)

    @task(20)
    def stay(self) -> None:
        """Say that it is still there."""
        beat = HeartbeatRequest(agent_ids=[self.agent_id])
        answer = self.calls.unary("Heartbeat", self.to.agents.Heartbeat, beat)
        if answer.not_signed_on_agent_ids:
            self.calls.failed_check("Heartbeat", "an agent who never fell silent was signed off")

    @task(3)
    def take_a_break(self) -> None:
        """Go away in the midst of everything, and come back."""
        self._be(PRESENCE_AWAY, "break")
        self.pause(BREAK_S)
        self._be(PRESENCE_READY)

    @task(1)
    def lose_the_stream(self) -> None:
        """The desktop opens its stream again, and takes up what it held."""
        if self._stream is not None:
            self._stream.close()

    def _be(self, presence: Any, reason: str = "") -> None:
        change = SetPresenceRequest(agent_id=self.agent_id, presence=presence, reason=reason)
        self.calls.unary("SetPresence", self.to.agents.SetPresence, change)

    def _watch(self) -> None:
        while not self._is_gone:
            request = WatchAgentRequest(agent_id=self.agent_id)
            self._stream = self.calls.stream("WatchAgent", self.to.agents.WatchAgent, request)
            with self.told_already():
                for message in self._stream:
                    self._take(message)
            gevent.sleep(REOPEN_S)

    def _take(self, message: Any) -> None:
        match message.WhichOneof("update"):
            case "snapshot":
                for contact in message.snapshot.contacts:
                    if contact.state == CONTACT_STATE_OFFERED:
                        self._offered(contact, contact.offer_id)
                    elif contact.state == CONTACT_STATE_WRAP_UP:
                        gevent.spawn(self._wrap_up, contact.contact_id)
            case "offer":
                self._offered(message.offer.contact, message.offer.offer_id)
            case "event":
                completed = message.event.contact_completed
                if message.event.HasField("contact_completed") and completed.HasField("wrap_up_until"):
                    gevent.spawn(self._wrap_up, completed.contact_id)

    def _offered(self, contact: Any, offer_id: int) -> None:
        if contact.attributes[centre.ANSWER_ON] == centre.SCREEN:
            gevent.spawn(self._answer, contact.contact_id, offer_id)

    def _answer(self, contact_id: str, offer_id: int) -> None:
        self.pause(THINKING_S)
        who: dict[str, Any] = {"contact_id": contact_id, "agent_id": self.agent_id, "offer_id": offer_id}
        luck = self.draws.random()
        with self.told_already():
            if luck < 0.02:
                self.calls.unary("DeclineOffer", self.to.routing.DeclineOffer, DeclineOfferRequest(**who), _TOO_LATE)
            elif luck < 0.99:
                self.calls.unary("AcceptOffer", self.to.routing.AcceptOffer, AcceptOfferRequest(**who), _TOO_LATE)

    def _wrap_up(self, contact_id: str) -> None:
        self.pause(WRAP_UP_S)
        done = FinishWrapUpRequest(agent_id=self.agent_id, contact_id=contact_id)
        with self.told_already():
            self.calls.unary("FinishWrapUp", self.to.agents.FinishWrapUp, done, _WRAP_UP_OVER)
