"""From events to counts, and into the file and back: what a service over a socket cannot show yet."""

from dataclasses import fields

import pytest

from acd_core.enums import EndCause, EventType, MoveCause, OfferOutcome, Presence, SegmentCause
from acd_core.events import Event
from acd_service import codec
from acd_service.figures.counting import FiguresCounter
from acd_service.figures.counts import DAY_NS, INTERVAL_NS, REASONS_MAX, QueueCounts, QueueKey, service_levels
from acd_service.figures.store import FiguresStore
from acd_service.released import Released

SECOND_NS = 1_000_000_000
SALES, HELP = QueueKey("sales", "voice"), QueueKey("help", "voice")
COLUMNS = ", ".join(field.name for field in fields(QueueCounts))


def targets(_version):
    return {"sales": 20 * SECOND_NS, "help": 5 * SECOND_NS}


class Story:
    """Events in order, each at a second, counted and stored."""

    def __init__(self, path):
        self.path = path
        self.store = FiguresStore.open(path, "t")
        self.counter = FiguresCounter(targets)

    def tell(self, second, kind, **fields):
        event_seq = self.counter.event_seq + 1
        event = Event(kind, event_seq, event_seq, int(second * SECOND_NS), **fields)
        self.counter.count([Released(event, codec.encode_event(event))])

    def save(self):
        self.store.save(self.counter)

    def reopen(self):
        """Forget all but what is in the file."""
        self.save()
        self.store.close()
        self.store = FiguresStore.open(self.path, "t")
        self.counter = FiguresCounter(targets, self.store.progress().event_seq)
        self.store.load(self.counter)

    def rows(self, question):
        self.save()
        return self.store._connection.execute(question).fetchall()

    def counts(self, key):
        """Of the newest interval."""
        (row,) = self.rows(
            f"SELECT {COLUMNS} FROM queue_intervals WHERE queue_id = '{key.queue_id}' AND channel_id = "
            f"'{key.channel_id}' ORDER BY start_ns DESC LIMIT 1"
        )
        return QueueCounts(*row)


@pytest.fixture
def story(tmp_path):
    story = Story(tmp_path / "figures.sqlite")
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
    story.save()
    assert story.store.queues() == [SALES]
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
    story.save()
    assert not story.store.queues()
    assert not story.rows("SELECT * FROM agents_now")


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
    figures = story.counter.agents(70 * SECOND_NS)["ann"]
    assert (figures.ready_ns, figures.talk_ns, figures.wrap_up_ns, figures.away_ns, figures.total_ns) == tuple(
        seconds * SECOND_NS for seconds in (10, 30, 10, 10, 60)
    )
    assert story.counts(SALES).talk_ns == 40 * SECOND_NS  # of the queue: each contact's own


def test_misses_only_of_those_signed_on(story):
    story.tell(1, EventType.OFFER_ENDED, contact_id="x", agent_id="gone", queue_id="sales", cause=OfferOutcome.MISSED)
    assert not story.rows("SELECT * FROM agents_now")


def test_reasons_for_being_away_are_bounded(story):
    for second in range(REASONS_MAX + 10):
        story.tell(second, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.AWAY, text=f"reason {second}")
    story.tell(REASONS_MAX + 10, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.OFFLINE)
    ((away_ns,),) = story.rows("SELECT away_ns FROM agent_sessions")
    away = dict(story.rows("SELECT reason, away_ns FROM agent_away"))
    assert len(away) == REASONS_MAX + 1
    assert (away[""], sum(away.values())) == (10 * SECOND_NS, away_ns)


def test_what_is_stored_is_loaded_again(story):
    story.tell(1, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.AWAY, text="lunch")
    story.tell(2, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.READY)
    enqueued(story, 3, "c")
    enqueued(story, 3, "d", "help")
    story.tell(5, EventType.CONTACT_ASSIGNED, contact_id="c", agent_id="ann", queue_id="sales", wait_ns=2 * SECOND_NS)
    story.tell(6, EventType.CONTACT_HELD, contact_id="c", agent_id="ann")
    story.reopen()
    assert story.store.progress().event_seq == story.counter.event_seq == 7
    assert FiguresStore.open(story.path, "another").progress() is None
    story.tell(8, EventType.CONTACT_COMPLETED, contact_id="c", agent_id="ann", queue_id="sales",
               duration_ns=3 * SECOND_NS)  # fmt: skip
    story.tell(9, EventType.CONTACT_CLOSED, contact_id="d", queue_id="help", cause=EndCause.ABANDONED,
               wait_ns=5 * SECOND_NS)  # fmt: skip
    assert (story.counts(SALES).held_ns, story.counts(SALES).answered_within_target) == (2 * SECOND_NS, 1)
    assert story.counts(HELP) == QueueCounts(offered=1, abandoned=1, abandoned_within_target=1)
    figures = story.counter.agents(9 * SECOND_NS)["ann"]
    assert (figures.away_ns, figures.ready_ns, figures.talk_ns, figures.held_ns, figures.wrap_up_ns) == tuple(
        seconds * SECOND_NS for seconds in (1, 3, 3, 2, 1)
    )


def test_missing_and_broken_events_are_named(story):
    event = Event(EventType.RESUMED, 3, 3, SECOND_NS)
    with pytest.raises(ValueError, match="event 2 is missing"):
        story.counter.count([Released(event, codec.encode_event(event))])
    with pytest.raises(ValueError, match="event 2 cannot be read"):
        story.counter.count([Released.of_chunk(b"\x12\x03abc", 2, 2)])


def test_old_intervals_and_sessions_are_forgotten(story):
    store = story.store
    enqueued(story, 0, "waits-for-days", "help")
    for day in range(10):
        second = day * 86_400
        story.tell(second, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.READY)
        enqueued(story, second, f"c{day}")
        story.tell(second + 9, EventType.CONTACT_CLOSED, contact_id=f"c{day}", queue_id="sales", cause=EndCause.LOST)
        story.tell(second + 9, EventType.PRESENCE_CHANGED, agent_id="ann", presence=Presence.OFFLINE)
        story.save()
    store.forget_before(7 * DAY_NS)
    sales = list(store.counts(SALES, 0, 10 * DAY_NS, DAY_NS))
    assert [row.start_ns // DAY_NS for row in sales] == [7, 8, 9]
    # Somebody waits since the first day, and is known to.
    assert [row.counts.waiting for row in store.counts(HELP, 8 * DAY_NS, 10 * DAY_NS, DAY_NS)] == [1, 1]
    assert story.rows("SELECT signed_on_ns FROM agent_sessions ORDER BY 1") == [(day * DAY_NS,) for day in (7, 8, 9)]
    store.forget_present()
    assert not list(store.counts(HELP, 8 * DAY_NS, 10 * DAY_NS, DAY_NS))


def test_steps_add_up_to_the_whole(story):
    store = story.store
    for index in range(200):
        enqueued(story, index * 500, f"c{index}")
        if index % 3:
            story.tell(index * 500 + 40, EventType.CONTACT_ASSIGNED, contact_id=f"c{index}", agent_id="a",
                       queue_id="sales", wait_ns=(index + 1) * SECOND_NS)  # fmt: skip
    story.save()
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
