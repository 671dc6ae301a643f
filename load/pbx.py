"""A telephone exchange: each user is one of its lines, with one call after the other."""

import time
from typing import Any, Final

import gevent
from locust import task

from acd.v1.contact_commands_pb2 import (
    AcceptOfferRequest,
    CancelContactRequest,
    CompleteContactRequest,
    EnqueueContactRequest,
)
from acd.v1.contact_pb2 import (
    CONTACT_STATE_ACTIVE,
    CONTACT_STATE_CLOSED,
    CONTACT_STATE_OFFERED,
    CONTACT_STATE_WAITING,
)
from acd.v1.routing_service_pb2 import AttachContact, RouteContactRequest
from load.calls import CallFailed, Stream
from load.centre import ANSWER_ON, DESKS_QUEUE, LANGUAGES, LINE, LINES_QUEUE, SCREEN
from load.grpc_user import GrpcUser

PATIENCE_S: Final = 8.0
HURRIED_S: Final = 0.4
"""The patience of callers who hang up early."""
RING_S: Final = 0.15
TALK_S: Final = 0.6

# The agent went away, the offer ran out, or the caller hung up, while the telephone rang.
_RANG_IN_VAIN: Final = frozenset(
    ("OFFER_EXPIRED", "OFFER_RELEASED", "OFFER_NOT_LIVE", "NOT_OFFERED_TO_AGENT", "UNKNOWN_CONTACT")
)
_ANSWERED_MEANWHILE: Final = frozenset(("CONTACT_NOT_WAITING", "UNKNOWN_CONTACT"))
_ENDED_MEANWHILE: Final = frozenset(("UNKNOWN_CONTACT",))


class PbxLine(GrpcUser):
    """Callers who are connected by the exchange, or by agents at their screens, and now and then give up."""

    weight = 30

    @task(60)
    def call_rung_by_the_exchange(self) -> None:
        """The exchange rings the agent's telephone, and accepts when the agent picks up."""
        _Caller(self, LINES_QUEUE, LINE, PATIENCE_S).run()
        self.pause(0.1)

    @task(30)
    def call_accepted_on_screen(self) -> None:
        """The agent accepts on its screen; the exchange connects when told so."""
        _Caller(self, DESKS_QUEUE, SCREEN, PATIENCE_S).run()
        self.pause(0.1)

    @task(10)
    def call_given_up_early(self) -> None:
        """The caller hangs up after a moment, whoever is being rung."""
        queue_id, answer_on = self.draws.choice(((LINES_QUEUE, LINE), (DESKS_QUEUE, SCREEN)))
        _Caller(self, queue_id, answer_on, HURRIED_S).run()


class _Caller:
    """One call, followed on a RouteContact stream."""

    def __init__(self, line: PbxLine, queue_id: str, answer_on: str, patience_s: float) -> None:
        self._line = line
        self._queue_id = queue_id
        self._answer_on = answer_on
        self._patience_s = patience_s
        self._contact_id = line.site.name("call")
        self._state = 0
        self._is_acknowledged = False
        self._is_over = False

    def run(self) -> None:
        """From the first ring to the end.

        Raises:
            CallFailed: a call failed, and was told to Locust.
        """
        line = self._line
        hanging_up = gevent.spawn(self._hang_up_when_impatient)
        try:
            request: RouteContactRequest | None = RouteContactRequest(enqueue=self._arrival())
            while request is not None:
                request = self._follow(request)
        finally:
            self._is_over = True
            hanging_up.join()
        if self._state == CONTACT_STATE_ACTIVE:
            line.pause(TALK_S)
            complete = CompleteContactRequest(contact_id=self._contact_id)
            line.calls.unary("CompleteContact", line.to.routing.CompleteContact, complete, _ENDED_MEANWHILE)

    def _arrival(self) -> EnqueueContactRequest:
        draws = self._line.draws
        return EnqueueContactRequest(
            request_id=self._contact_id,
            contact_id=self._contact_id,
            queue_id=self._queue_id,
            requirement=draws.choice((*LANGUAGES, "", "", "")),
            priority=draws.choice((0, 0, 0, 1)),
            attributes={"caller": f"+49 30 {draws.randrange(10**6):06}", ANSWER_ON: self._answer_on},
        )

    def _follow(self, request: RouteContactRequest) -> RouteContactRequest | None:
        """Read one stream; give the request for the next one if this one was cut off before the call was settled."""
        line = self._line
        stream = line.calls.stream("RouteContact", line.to.routing.RouteContact, request, _ENDED_MEANWHILE)
        cut_off = line.draws.random() < 0.02
        for message in stream:
            if not self._is_acknowledged:
                line.site.ledger.acknowledge(self._contact_id, message.seq)
                self._is_acknowledged = True
            self._state = message.contact.state
            if self._state == CONTACT_STATE_WAITING and cut_off:
                return self._cut_off(stream)
            if self._state == CONTACT_STATE_OFFERED and self._answer_on == LINE:
                self._ring(message.contact)
        if self._state not in (CONTACT_STATE_ACTIVE, CONTACT_STATE_CLOSED) and request.HasField("enqueue"):
            line.calls.failed_check("RouteContact", "the stream ended before the contact was settled")
            raise CallFailed
        return None

    def _cut_off(self, stream: Stream) -> RouteContactRequest:
        stream.close()
        gevent.sleep(self._line.draws.uniform(0, 0.3))
        return RouteContactRequest(attach=AttachContact(contact_id=self._contact_id))

    def _ring(self, standing: Any) -> None:
        line = self._line
        gevent.sleep(line.draws.uniform(0, 2 * RING_S))
        accept = AcceptOfferRequest(contact_id=self._contact_id, agent_id=standing.agent_id, offer_id=standing.offer_id)
        line.calls.unary("AcceptOffer", line.to.routing.AcceptOffer, accept, _RANG_IN_VAIN)

    def _hang_up_when_impatient(self) -> None:
        line = self._line
        until = time.monotonic() + self._patience_s * line.draws.uniform(0.5, 1.5)
        while not self._is_over and (
            not self._is_acknowledged or (time.monotonic() < until and not line.site.is_stopping)
        ):
            gevent.sleep(0.05)
        if not self._is_over and self._state != CONTACT_STATE_ACTIVE:
            cancel = CancelContactRequest(contact_id=self._contact_id)
            with line.told_already():
                line.calls.unary("CancelContact", line.to.routing.CancelContact, cancel, _ANSWERED_MEANWHILE)
