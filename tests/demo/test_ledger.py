"""The demo's bookkeeping: every event counted once, every end under one name."""

from acd_core.enums import ContactState, EndCause, EventType, OfferOutcome, Presence
from acd_core.events import Event
from acd_core.policy import Policy, QueueSpec
from acd_service.demo.ledger import NAMES_OF_ENDS, Ledger

SECOND_NS = 1_000_000_000


class Stream:
    """Writes a stream of events, numbering them."""

    def __init__(self) -> None:
        self.ledger = Ledger(Policy(queues=(QueueSpec("sales"),)))
        self._seq = 0
        self.say(EventType.AGENT_ADDED, agent_id="ann")
        self.say(EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.READY)

    def say(self, kind: EventType, **fields: object) -> None:
        self._seq += 1
        self.ledger.apply(Event(kind, self._seq, self._seq, self._seq * SECOND_NS, **fields))  # type: ignore[arg-type]

    def enqueue(self, contact_id: str) -> None:
        self.say(EventType.CONTACT_ENQUEUED, contact_id=contact_id, queue_id="sales", channel_id="voice")

    def close(self, contact_id: str, cause: EndCause) -> None:
        self.say(EventType.CONTACT_CLOSED, contact_id=contact_id, queue_id="sales", cause=cause)


def test_each_end_has_exactly_one_name() -> None:
    named = [cause for causes in NAMES_OF_ENDS.values() for cause in causes]
    assert sorted(named) == sorted(EndCause)


def test_every_end_is_counted_and_the_identity_holds() -> None:
    stream = Stream()
    for cause in EndCause:
        stream.enqueue(cause.name)
        stream.close(cause.name, cause)
    stream.enqueue("still here")
    figures = stream.ledger.figures()
    assert figures["offered"] == len(EndCause) + 1
    assert figures["in_progress"] == 1
    assert figures["refused"] == 2
    assert figures["offered"] == figures["in_progress"] + sum(figures[name] or 0 for name in NAMES_OF_ENDS)
    assert stream.ledger.figures_by_queue()["sales"] == figures
    assert stream.ledger.figures_by_channel()["voice"] == figures


def test_the_life_of_a_contact() -> None:
    stream = Stream()
    ledger = stream.ledger
    stream.enqueue("c")
    assert len(ledger.waiting("sales")) == 1
    stream.say(EventType.OFFER_MADE, contact_id="c", agent_id="ann", queue_id="sales", offer_id=1)
    assert ledger.waiting("sales") == []
    stream.say(
        EventType.OFFER_ENDED,
        contact_id="c",
        agent_id="ann",
        queue_id="sales",
        offer_id=1,
        cause=OfferOutcome.DECLINED,
    )
    assert len(ledger.waiting("sales")) == 1
    assert ledger.agents["ann"].held == {}
    stream.say(EventType.OFFER_MADE, contact_id="c", agent_id="ann", queue_id="sales", offer_id=2)
    stream.say(
        EventType.OFFER_ACCEPTED,
        contact_id="c",
        agent_id="ann",
        queue_id="sales",
        offer_id=2,
        wait_ns=20 * SECOND_NS,
    )
    assert ledger.agents["ann"].held == {"c": ContactState.ACTIVE}
    stream.say(EventType.CONTACT_COMPLETED, contact_id="c", agent_id="ann", queue_id="sales")
    assert ledger.agents["ann"].held == {"c": ContactState.WRAP_UP}
    stream.close("c", EndCause.HANDLED)
    assert ledger.agents["ann"].held == {}
    assert ledger.contacts == {}
    figures = ledger.figures()
    assert (figures["answered"], figures["answered_in_time"], figures["asa_seconds"]) == (1, 1, 20.0)
    assert ledger.offers_failed == {OfferOutcome.DECLINED: 1}


def test_service_level_leaves_out_short_abandons_only() -> None:
    stream = Stream()
    for contact_id, cause in (("a", EndCause.SHORT_ABANDON), ("b", EndCause.ABANDONED)):
        stream.enqueue(contact_id)
        stream.close(contact_id, cause)
    for contact_id, wait_s in (("c", 20), ("d", 21)):
        stream.enqueue(contact_id)
        stream.say(
            EventType.CONTACT_ASSIGNED,
            contact_id=contact_id,
            agent_id="ann",
            queue_id="sales",
            offer_id=1,
            wait_ns=wait_s * SECOND_NS,
        )
    figures = stream.ledger.figures()
    assert figures["service_level"] == round(1 / 3, 4)
    assert figures["service_level_over_offered"] == 1 / 4
    assert figures["service_level_over_answered"] == 1 / 2


def test_a_gap_in_the_stream_is_seen() -> None:
    stream = Stream()
    assert stream.ledger.gaps == 0
    stream._seq += 1
    stream.enqueue("c")
    assert stream.ledger.gaps == 1
