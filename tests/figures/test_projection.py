"""From events to counts, and into the file and back: what a service over a socket cannot show yet."""

from pathlib import Path

import pytest

from acd_core.enums import EndCause, EventType, MoveCause, OfferOutcome, Presence, SegmentCause
from acd_core.events import Event
from acd_service.figures.counts import DAY_NS, INTERVAL_NS, QueueCounts, service_levels
from acd_service.figures.projection import REASONS_MAX, Projection, QueueKey
from acd_service.figures.store import FiguresStore

SECOND_NS = 1_000_000_000
SALES, HELP = QueueKey("sales", "voice"), QueueKey("help", "voice")


class Story:
    """Events in order, each at a second."""

    def __init__(self, projection):
        self.projection = projection

    def tell(self, second, kind, **fields):
        event_seq = self.projection.event_seq + 1
        self.projection.apply(Event(kind, event_seq, event_seq, int(second * SECOND_NS), **fields))

    def counts(self, key):
        return self.projection.latest[key][1]


@pytest.fixture
def story():
    story = Story(Projection(lambda _version: {"sales": 20 * SECOND_NS, "help": 5 * SECOND_NS}))
    story.tell(0, EventType.POLICY_APPLIED, policy_version=1)
    return story


def enqueued(story, second, contact_id, queue_id="sales"):
    story.tell(
        second, EventType.CONTACT_ENQUEUED, contact_id=contact_id, queue_id=queue_id, channel_id="voice", ordinal=1
    )


def counted(counts):
    names = ("offered", "answered", "answered_within_target", "overflowed", "ended_otherwise", "waiting")
    return tuple(getattr(counts, name) for name in names)


def test_a_move_is_an_overflow_here_and_an_offer_there(story):
    enqueued(story, 1, "c")
    story.tell(2, EventType.CONTACT_MOVED, contact_id="c", queue_id="help", cause=MoveCause.STEP)
    assert counted(story.counts(SALES)) == (1, 0, 0, 1, 0, 0)
    assert counted(story.counts(HELP)) == (1, 0, 0, 0, 0, 1)
    story.tell(3, EventType.OFFER_ACCEPTED, contact_id="c", agent_id="ann", queue_id="help", wait_ns=2 * SECOND_NS)
    assert counted(story.counts(HELP)) == (1, 1, 1, 0, 0, 0)


def test_a_second_queue_counts_only_if_it_serves(story):
    enqueued(story, 1, "c")
    enqueued(story, 1, "d")
    for contact_id in ("c", "d"):
        story.tell(2, EventType.CONTACT_MOVED, contact_id=contact_id, queue_id="sales", text="help")
    assert counted(story.counts(SALES)) == (2, 0, 0, 0, 0, 2)
    assert HELP not in story.projection.latest
    for contact_id, queue_id in (("c", "sales"), ("d", "help")):
        story.tell(
            11, EventType.CONTACT_ASSIGNED, contact_id=contact_id, agent_id="a", queue_id=queue_id,
            wait_ns=10 * SECOND_NS,
        )  # fmt: skip
    assert counted(story.counts(SALES)) == (2, 1, 1, 1, 0, 0)
    assert counted(story.counts(HELP)) == (1, 1, 0, 0, 0, 0)  # late by the target of the queue that served


def test_a_transfer_and_a_callback_open_segments_of_their_own(story):
    enqueued(story, 1, "c")
    story.tell(2, EventType.CONTACT_CLOSED, contact_id="c", queue_id="sales", cause=EndCause.MOVED_TO_CALLBACK)
    again = {"contact_id": "c", "queue_id": "sales", "channel_id": "voice"}
    story.tell(2, EventType.SEGMENT_OPENED, **again, cause=SegmentCause.CALLBACK)
    assert counted(story.counts(SALES)) == (2, 0, 0, 0, 1, 1)
    story.tell(5, EventType.CONTACT_ASSIGNED, contact_id="c", agent_id="ann", queue_id="sales", wait_ns=4 * SECOND_NS)
    story.tell(9, EventType.CONTACT_COMPLETED, contact_id="c", agent_id="ann", queue_id="sales",
               duration_ns=4 * SECOND_NS)  # fmt: skip
    story.tell(9, EventType.CONTACT_CLOSED, contact_id="c", queue_id="sales", agent_id="ann",
               cause=EndCause.TRANSFERRED)  # fmt: skip
    story.tell(9, EventType.SEGMENT_OPENED, **(again | {"queue_id": "help"}), cause=SegmentCause.TRANSFER)
    assert counted(story.counts(SALES)) == (2, 1, 1, 0, 1, 0)
    assert counted(story.counts(HELP)) == (1, 0, 0, 0, 0, 1)
    assert story.counts(SALES).talk_ns == 4 * SECOND_NS


@pytest.mark.parametrize(
    ("cause", "name"),
    [
        (EndCause.OVERFLOWED, "overflowed"),
        (EndCause.TIMED_OUT, "ended_otherwise"),
        (EndCause.REFUSED_FULL, "ended_otherwise"),
        (EndCause.REFUSED_CLOSED, "ended_otherwise"),
        (EndCause.CANCELLED, "ended_otherwise"),
        (EndCause.LOST, "ended_otherwise"),
        (EndCause.SHORT_ABANDON, "short_abandoned"),
        (EndCause.ABANDONED, "abandoned"),
    ],
)
def test_every_end_of_a_wait_is_counted_once(story, cause, name):
    enqueued(story, 1, "c")
    story.tell(31, EventType.CONTACT_CLOSED, contact_id="c", queue_id="sales", cause=cause, wait_ns=30 * SECOND_NS)
    assert story.counts(SALES) == QueueCounts(offered=1, **{name: 1})


def test_a_contact_from_before_the_first_event_is_passed_over(story):
    story.tell(5, EventType.CONTACT_MOVED, contact_id="old", queue_id="help")
    story.tell(6, EventType.OFFER_ACCEPTED, contact_id="old", agent_id="ann", queue_id="help")
    story.tell(7, EventType.CONTACT_HELD, contact_id="old", agent_id="ann")
    story.tell(8, EventType.CONTACT_COMPLETED, contact_id="old", agent_id="ann", queue_id="help")
    story.tell(9, EventType.CONTACT_CLOSED, contact_id="old", agent_id="ann", queue_id="help", cause=EndCause.HANDLED)
    assert not story.projection.latest
    assert not story.projection.agents


def test_time_with_several_contacts_is_counted_once(story):
    story.tell(10, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.READY)
    for second, contact_id in ((20, "c"), (30, "d")):
        enqueued(story, second, contact_id)
        story.tell(second, EventType.CONTACT_ASSIGNED, contact_id=contact_id, agent_id="ann", queue_id="sales")
    # Away with contacts is time with contacts; wrap-up beside a contact is, too.
    story.tell(35, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.AWAY, text="lunch")
    story.tell(40, EventType.CONTACT_COMPLETED, contact_id="c", agent_id="ann", queue_id="sales",
               duration_ns=20 * SECOND_NS)  # fmt: skip
    story.tell(50, EventType.CONTACT_COMPLETED, contact_id="d", agent_id="ann", queue_id="sales",
               duration_ns=20 * SECOND_NS)  # fmt: skip
    story.tell(55, EventType.CONTACT_CLOSED, contact_id="c", agent_id="ann", queue_id="sales", cause=EndCause.HANDLED)
    story.tell(60, EventType.CONTACT_CLOSED, contact_id="d", agent_id="ann", queue_id="sales", cause=EndCause.HANDLED)
    figures = story.projection.agent_figures("ann", 70 * SECOND_NS)
    assert (figures.ready_ns, figures.talk_ns, figures.wrap_up_ns, figures.away_ns, figures.total_ns) == tuple(
        seconds * SECOND_NS for seconds in (10, 30, 10, 10, 60)
    )
    assert story.counts(SALES).talk_ns == 40 * SECOND_NS  # of the queue: each contact's own


def test_misses_only_of_those_signed_on(story):
    story.tell(1, EventType.OFFER_ENDED, contact_id="x", agent_id="gone", queue_id="sales", cause=OfferOutcome.MISSED)
    assert not story.projection.agents


def test_reasons_for_being_away_are_bounded(story):
    for second in range(REASONS_MAX + 10):
        story.tell(second, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.AWAY, text=f"reason {second}")
    story.tell(REASONS_MAX + 10, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.OFFLINE)
    ((session, away),) = story.projection.settled().ended
    assert len(away) == REASONS_MAX + 1
    assert (away[""], sum(away.values())) == (10 * SECOND_NS, session.away_ns)


def test_what_is_stored_is_loaded_again(tmp_path: Path, story):
    story.tell(1, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.AWAY, text="lunch")
    story.tell(2, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.READY)
    enqueued(story, 3, "c")
    enqueued(story, 3, "d", "help")
    story.tell(5, EventType.CONTACT_ASSIGNED, contact_id="c", agent_id="ann", queue_id="sales", wait_ns=2 * SECOND_NS)
    story.tell(6, EventType.CONTACT_HELD, contact_id="c", agent_id="ann")
    store = FiguresStore.open(tmp_path / "figures.sqlite", "t")
    store.save(story.projection, 42)
    loaded = Projection(lambda _version: {"sales": 1, "help": 1})
    store.load(loaded)
    for name in ("event_seq", "policy_version", "contacts", "agents", "latest"):
        assert getattr(loaded, name) == getattr(story.projection, name)
    assert store.progress() == (story.projection.event_seq, 42, 1)
    assert FiguresStore.open(tmp_path / "figures.sqlite", "another").progress() is None


def test_old_intervals_and_sessions_are_forgotten(tmp_path: Path, story):
    store = FiguresStore.open(tmp_path / "figures.sqlite", "t")
    enqueued(story, 0, "waits-for-days", "help")
    for day in range(10):
        second = day * 86_400
        story.tell(second, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.READY)
        enqueued(story, second, f"c{day}")
        story.tell(second + 9, EventType.CONTACT_CLOSED, contact_id=f"c{day}", queue_id="sales", cause=EndCause.LOST)
        story.tell(second + 9, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.OFFLINE)
        store.save(story.projection, 0)
    store.forget_before(7 * DAY_NS)
    sales = list(store.counts(SALES, 0, 10 * DAY_NS, DAY_NS))
    assert [row.start_ns // DAY_NS for row in sales] == [7, 8, 9]
    # Somebody waits since the first day, and is known to.
    assert [row.counts.waiting for row in store.counts(HELP, 8 * DAY_NS, 10 * DAY_NS, DAY_NS)] == [1, 1]
    rows = store._connection.execute("SELECT signed_on_ns FROM agent_sessions ORDER BY 1").fetchall()
    assert rows == [(day * DAY_NS,) for day in (7, 8, 9)]
    store.forget_present()
    assert not list(store.counts(HELP, 8 * DAY_NS, 10 * DAY_NS, DAY_NS))


def test_steps_add_up_to_the_whole(tmp_path: Path, story):
    store = FiguresStore.open(tmp_path / "figures.sqlite", "t")
    for index in range(200):
        enqueued(story, index * 500, f"c{index}")
        if index % 3:
            story.tell(index * 500 + 40, EventType.CONTACT_ASSIGNED, contact_id=f"c{index}", agent_id="a",
                       queue_id="sales", wait_ns=(index + 1) * SECOND_NS)  # fmt: skip
    store.save(story.projection, 0)
    end_ns = 120 * INTERVAL_NS
    (whole,) = store.counts(SALES, 0, end_ns, end_ns)
    for step in (1, 4, 7, 96):
        total = QueueCounts()
        for row in store.counts(SALES, 0, end_ns, step * INTERVAL_NS):
            total.add_later(row.counts)
        assert total == whole.counts
    assert (whole.counts.offered, whole.counts.answered, whole.counts.waiting) == (200, 133, 67)


def test_nothing_is_nothing_of_nothing():
    assert service_levels(QueueCounts()) == ((0, 0),) * 5
