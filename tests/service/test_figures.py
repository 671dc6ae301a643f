"""Figures: counted from the events, asked for over a socket, dropped and made again."""

import contextlib
import itertools
import sqlite3

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from acd.v1 import (
    agent_commands_pb2,
    agent_pb2,
    contact_commands_pb2,
    contact_pb2,
    event_pb2,
    insight_service_pb2,
    insight_service_pb2_grpc,
    policy_commands_pb2,
    policy_pb2,
    routing_service_pb2,
)

QUARTER_S = 900
DAY_S = 86_400
MONDAY_S = 1_700_438_400
"""2023-11-20 00:00 UTC."""
READY, AWAY, OFFLINE = agent_pb2.PRESENCE_READY, agent_pb2.PRESENCE_AWAY, agent_pb2.PRESENCE_OFFLINE


class Centre:
    """Drives a service that takes the time from its callers; times are seconds since Monday midnight."""

    def __init__(self, client):
        self.client = client
        self.insight = insight_service_pb2_grpc.InsightServiceStub(client.channel)
        self._ids = itertools.count(1)

    @staticmethod
    def at(second):
        return (("acd-at-ns", str(int((MONDAY_S + second) * 1_000_000_000))),)

    def policy(self, second, *queues):
        request = policy_commands_pb2.ApplyPolicyRequest(policy=policy_pb2.Policy(queues=queues))
        self.client.policy.ApplyPolicy(request, metadata=self.at(second))

    def agent(self, second, agent_id):
        request = agent_commands_pb2.UpsertAgentsRequest(agents=[agent_pb2.AgentSpec(agent_id=agent_id)])
        self.client.agents.UpsertAgents(request, metadata=self.at(second))

    def presence(self, second, agent_id, presence, reason=""):
        request = agent_commands_pb2.SetPresenceRequest(agent_id=agent_id, presence=presence, reason=reason)
        self.client.agents.SetPresence(request, metadata=self.at(second))

    def enqueue(self, second, contact_id, queue_id="sales", channel="voice"):
        request = contact_commands_pb2.EnqueueContactRequest(contact_id=contact_id, queue_id=queue_id, channel=channel)
        return self.client.routing.EnqueueContact(request, metadata=self.at(second)).contact

    def cancel(self, second, contact_id, reason=contact_commands_pb2.CancelContactRequest.REASON_ABANDONED):
        request = contact_commands_pb2.CancelContactRequest(contact_id=contact_id, reason=reason)
        self.client.routing.CancelContact(request, metadata=self.at(second))

    def accept(self, second, contact_id, agent_id, offer_id):
        request = contact_commands_pb2.AcceptOfferRequest(contact_id=contact_id, agent_id=agent_id, offer_id=offer_id)
        self.client.routing.AcceptOffer(request, metadata=self.at(second))

    def decline(self, second, contact_id, agent_id, offer_id, outcome):
        request = contact_commands_pb2.DeclineOfferRequest(
            contact_id=contact_id, agent_id=agent_id, offer_id=offer_id, outcome=outcome
        )
        self.client.routing.DeclineOffer(request, metadata=self.at(second))

    def hold(self, second, contact_id, held):
        request = contact_commands_pb2.UpdateContactRequest(contact_id=contact_id, held=held)
        self.client.routing.UpdateContact(request, metadata=self.at(second))

    def complete(self, second, contact_id):
        request = contact_commands_pb2.CompleteContactRequest(contact_id=contact_id)
        self.client.routing.CompleteContact(request, metadata=self.at(second))

    def finish(self, second, agent_id):
        request = agent_commands_pb2.FinishWrapUpRequest(agent_id=agent_id)
        self.client.agents.FinishWrapUp(request, metadata=self.at(second))

    def contact(self, contact_id):
        return self.client.routing.GetContact(routing_service_pb2.GetContactRequest(contact_id=contact_id)).contact

    def watch(self, **fields):
        """What a wallboard is told, every second; a generator that must be closed."""
        request = insight_service_pb2.WatchStatsRequest(period=Duration(seconds=1), **fields)
        stream = self.insight.WatchStats(request, timeout=30)
        try:
            yield from stream
        finally:
            stream.cancel()

    def stats(self, start=0, end=DAY_S, interval=QUARTER_S, **fields):
        request = insight_service_pb2.GetQueueStatsRequest(
            start_at=Timestamp(seconds=MONDAY_S + start),
            end_at=Timestamp(seconds=MONDAY_S + end),
            interval=Duration(seconds=interval) if interval else None,
            **fields,
        )
        return list(self.insight.GetQueueStats(request).stats)


def short(row):
    """A row with only what is not zero, times in seconds."""
    shown = {}
    for field, value in row.ListFields():
        if field.name in (
            "queue_id",
            "channel",
            "start_at",
            "end_at",
            "service_levels",
            "waiting_since",
            "offered_now",
        ):
            continue
        shown[field.name] = value.ToMilliseconds() / 1_000 if isinstance(value, Duration) else value
    return {name: value for name, value in shown.items() if value}


@pytest.fixture
def centre(make_service):
    return Centre(make_service("--clock", "external").start())


def a_morning(centre):
    """One agent; contacts that are answered in time and late, abandoned in every way, taken away, refused, and one
    that waits on.
    """
    sales = policy_pb2.Queue(
        queue_id="sales",
        wrap_up=Duration(seconds=60),
        service_level_target=Duration(seconds=20),
        max_waiting=4,
        offer_timeout=Duration(seconds=900),
    )
    centre.policy(100, sales, policy_pb2.Queue(queue_id="post"))
    centre.agent(100, "ann")
    centre.presence(100, "ann", READY)
    offered = centre.enqueue(200, "in-time")
    centre.accept(210, "in-time", "ann", offered.offer_id)
    centre.hold(230, "in-time", True)
    centre.hold(240, "in-time", False)
    centre.enqueue(250, "late")
    centre.enqueue(260, "gives-up-at-once")
    centre.cancel(262, "gives-up-at-once")
    centre.enqueue(270, "gives-up-in-target")
    centre.cancel(285, "gives-up-in-target")
    centre.enqueue(285, "gives-up-late")
    centre.enqueue(286, "taken-away")
    centre.enqueue(287, "waits-on")
    assert centre.enqueue(288, "refused").state == contact_pb2.CONTACT_STATE_CLOSED
    centre.cancel(290, "taken-away", contact_commands_pb2.CancelContactRequest.REASON_CANCELLED)
    centre.cancel(340, "gives-up-late")
    centre.complete(350, "in-time")
    centre.finish(380, "ann")
    late = centre.contact("late")
    assert late.agent_id == "ann"
    centre.accept(1_000, "late", "ann", late.offer_id)
    centre.complete(1_100, "late")
    centre.presence(1_180, "ann", READY)  # time goes on: the wrap-up ended at 1,160


FIRST = {
    "offered": 8, "answered": 1, "answered_within_target": 1, "abandoned": 2, "short_abandoned": 1,
    "abandoned_within_target": 1, "ended_otherwise": 2, "waiting": 2, "answered_wait": 10.0, "answered_wait_max": 10.0,
    "talk": 140.0, "held": 10.0, "wrap_up": 30.0,
}  # fmt: skip
SECOND = {
    "answered": 1, "waiting": 1, "answered_wait": 750.0, "answered_wait_max": 750.0, "talk": 100.0, "wrap_up": 60.0,
}  # fmt: skip
BOTH = {
    "offered": 8, "answered": 2, "answered_within_target": 1, "abandoned": 2, "short_abandoned": 1,
    "abandoned_within_target": 1, "ended_otherwise": 2, "waiting": 1, "answered_wait": 760.0,
    "answered_wait_max": 750.0, "talk": 240.0, "held": 10.0, "wrap_up": 90.0,
}  # fmt: skip


def test_every_count_in_the_interval_in_which_it_happened(centre):
    a_morning(centre)
    centre.policy(1_900, policy_pb2.Queue(queue_id="sales"), policy_pb2.Queue(queue_id="post"))
    rows = centre.stats()
    assert [(row.queue_id, row.channel, row.start_at.seconds - MONDAY_S) for row in rows] == [
        ("sales", "voice", 0), ("sales", "voice", 900), ("sales", "voice", 1_800),
    ]  # fmt: skip
    assert [row.end_at.seconds - MONDAY_S for row in rows] == [900, 1_800, 2_700]
    # Who waits is told also of the interval in which nothing else was; no interval of the future is told.
    assert [short(row) for row in rows] == [FIRST, SECOND, {"waiting": 1}]
    (whole,) = centre.stats(interval=None)
    assert (short(whole), whole.end_at.seconds - MONDAY_S) == (BOTH, DAY_S)


def test_service_levels_side_by_side(centre):
    a_morning(centre)
    (row,) = centre.stats(interval=None)
    levels = {field.name: (share.part, share.whole) for field, share in row.service_levels.ListFields()}
    assert levels == {
        "of_offered": (1, 8),
        "of_offered_less_short": (1, 7),
        "of_answered": (1, 2),
        "abandons_met": (2, 7),
        "abandons_missed": (1, 5),
    }


def test_the_target_in_force_at_the_answer_counts(centre):
    centre.policy(1, policy_pb2.Queue(queue_id="sales", service_level_target=Duration(seconds=20)))
    centre.agent(1, "ann")
    offers = {}
    for contact_id in ("a", "b"):
        centre.enqueue(10, contact_id)
    centre.presence(12, "ann", READY)
    offers["a"] = centre.contact("a").offer_id
    centre.policy(13, policy_pb2.Queue(queue_id="sales", service_level_target=Duration(seconds=4)))
    centre.accept(15, "a", "ann", offers["a"])
    assert [row.answered_within_target for row in centre.stats()] == [0]
    centre.complete(16, "a")
    centre.policy(17, policy_pb2.Queue(queue_id="sales", service_level_target=Duration(seconds=8)))
    centre.accept(18, "b", "ann", centre.contact("b").offer_id)
    assert [row.answered_within_target for row in centre.stats()] == [1]


def test_filters_and_longer_intervals(centre):
    centre.policy(1, policy_pb2.Queue(queue_id="post"), policy_pb2.Queue(queue_id="sales"))
    for hour in range(4):
        centre.enqueue(hour * 3_600 + 5, f"call-{hour}")
        centre.cancel(hour * 3_600 + 35, f"call-{hour}")
        centre.enqueue(hour * 3_600 + 40, f"chat-{hour}", channel="chat")
        centre.cancel(hour * 3_600 + 95, f"chat-{hour}")
        centre.enqueue(hour * 3_600 + 100, f"mail-{hour}", "post", "mail")
        centre.cancel(hour * 3_600 + 200, f"mail-{hour}")

    def seen(**fields):
        return [(row.queue_id, row.channel, row.start_at.seconds - MONDAY_S, row.offered) for row in fields.pop("of")]

    assert seen(of=centre.stats(interval=2 * 3_600)) == [
        ("post", "mail", 0, 2), ("post", "mail", 7_200, 2), ("sales", "chat", 0, 2), ("sales", "chat", 7_200, 2),
        ("sales", "voice", 0, 2), ("sales", "voice", 7_200, 2),
    ]  # fmt: skip
    assert seen(of=centre.stats(interval=None, queue_ids=["sales"], channels=["chat"])) == [("sales", "chat", 0, 4)]
    # The last interval is cut off at the end.
    (first, cut) = centre.stats(0, 4_500, 3_600, channels=["voice"])
    assert (first.offered, cut.offered, cut.end_at.seconds - MONDAY_S) == (1, 1, 4_500)
    # Unset: since midnight, until now, in one.
    rows = centre.insight.GetQueueStats(insight_service_pb2.GetQueueStatsRequest(queue_ids=["post"])).stats
    assert [(row.offered, row.start_at.seconds - MONDAY_S, row.end_at.seconds - MONDAY_S) for row in rows] == [
        (4, 0, 11_700)
    ]


@pytest.mark.parametrize(
    ("fields", "code", "reason", "field"),
    [
        ({"queue_ids": ["sales", "nope"]}, "NOT_FOUND", "UNKNOWN_QUEUE", "queue_ids[1]"),
        ({"channels": ["smoke"]}, "NOT_FOUND", "UNKNOWN_CHANNEL", "channels[0]"),
        ({"interval": Duration(seconds=600)}, "INVALID_ARGUMENT", "INVALID_VALUE", "interval"),
        ({"interval": Duration()}, "INVALID_ARGUMENT", "INVALID_VALUE", "interval"),
        ({"interval": Duration(seconds=-900)}, "INVALID_ARGUMENT", "OUT_OF_RANGE", "interval"),
        ({"end_at": Timestamp(seconds=MONDAY_S)}, "INVALID_ARGUMENT", "INVALID_VALUE", "end_at"),
        ({"end_at": Timestamp(seconds=MONDAY_S - 900)}, "INVALID_ARGUMENT", "INVALID_VALUE", "end_at"),
        ({"start_at": Timestamp(seconds=MONDAY_S + 60)}, "INVALID_ARGUMENT", "INVALID_VALUE", "start_at"),
        ({"start_at": Timestamp(seconds=MONDAY_S, nanos=-1)}, "INVALID_ARGUMENT", "INVALID_VALUE", "start_at"),
        ({"end_at": Timestamp(seconds=10**11)}, "INVALID_ARGUMENT", "OUT_OF_RANGE", "end_at"),
    ],
)
def test_bad_questions(shared_centre, failure_of, fields, code, reason, field):
    request = insight_service_pb2.GetQueueStatsRequest(**({"start_at": Timestamp(seconds=MONDAY_S)} | fields))
    failure = failure_of(lambda: shared_centre.insight.GetQueueStats(request))
    assert (failure.code.name, failure.reason, failure.field) == (code, reason, field)


@pytest.fixture(scope="module")
def shared_centre(shared_client):
    shared_client.apply_policy()
    return Centre(shared_client)


def test_agents_seconds_add_up(centre):
    a_morning(centre)
    centre.presence(1_200, "ann", AWAY, "lunch")
    centre.presence(1_500, "ann", READY)
    with contextlib.closing(centre.watch(with_agents=True)) as stream:
        message = next(stream)
        assert message.at.ToNanoseconds() == (MONDAY_S + 1_500) * 10**9
        assert [short(row) for row in message.queues] == [BOTH]
        (row,) = message.queues
        assert (row.waiting_since.ToSeconds() - MONDAY_S, row.offered_now) == (287, 1)  # "waits-on", offered to ann
        assert (message.agents_now.ready, message.agents_now.ready_busy) == (1, 1)
        (ann,) = message.agents
        figures = short(ann)
        assert figures.pop("agent_id") == "ann"
        assert figures == {
            # on a contact 210-350 and 1000-1100, wrap-up 350-380 and 1100-1160, away 1200-1500, else ready
            "signed_on": 1_400.0, "talk": 240.0, "held": 10.0, "wrap_up": 90.0, "away": 300.0,
            "ready": 1_400.0 - 240 - 90 - 300, "contacts": 2,
        }  # fmt: skip
        # What changes is told, and the last of who signs off.
        centre.cancel(1_560, "waits-on", contact_commands_pb2.CancelContactRequest.REASON_CANCELLED)
        message = next(stream)
        assert [(row.queue_id, row.waiting, row.ended_otherwise) for row in message.queues] == [("sales", 0, 3)]
        assert [short(agent)["signed_on"] for agent in message.agents] == [1_460.0]
        message = next(stream)
        assert not message.queues


def test_misses_and_sessions_are_kept_in_the_file(make_service):
    service = make_service("--clock", "external")
    centre = Centre(service.start())
    centre.policy(1, policy_pb2.Queue(queue_id="sales", auto_accept=False))
    centre.agent(1, "ann")
    centre.presence(10, "ann", READY)
    offer = centre.enqueue(20, "c")
    centre.decline(25, "c", "ann", offer.offer_id, event_pb2.OFFER_OUTCOME_MISSED)
    again = centre.contact("c")
    centre.decline(30, "c", "ann", again.offer_id, event_pb2.OFFER_OUTCOME_DECLINED)
    centre.presence(40, "ann", AWAY, "lunch")
    centre.presence(70, "ann", AWAY, "meeting")
    centre.presence(80, "ann", OFFLINE)
    centre.stats()
    with contextlib.closing(sqlite3.connect(service.data_dir / "figures.sqlite")) as reader:
        session = reader.execute(
            "SELECT agent_id, (signed_off_ns - signed_on_ns) / 1000000000, ready_ns / 1000000000,"
            " away_ns / 1000000000, contacts, misses FROM agent_sessions"
        ).fetchall()
        away = reader.execute("SELECT reason, away_ns / 1000000000 FROM agent_away ORDER BY reason").fetchall()
    assert session == [("ann", 70, 30, 40, 0, 1)]
    assert away == [("lunch", 30), ("meeting", 10)]


@pytest.mark.parametrize("how", ["resumed", "killed", "dropped", "foreign", "rebuilt"])
def test_after_a_restart_the_figures_are_the_same(make_service, tmp_path, how):
    service = make_service("--clock", "external")
    centre = Centre(service.start())
    a_morning(centre)
    before = centre.stats()
    service.kill() if how == "killed" else service.stop()
    path = service.data_dir / "figures.sqlite"
    arguments = []
    if how == "dropped":
        for file in service.data_dir.glob("figures.sqlite*"):
            file.unlink()
    elif how == "foreign":
        path.write_bytes(b"something else" * 1_000)
    elif how == "rebuilt":
        with contextlib.closing(sqlite3.connect(path)) as writer:
            writer.execute("UPDATE queue_intervals SET offered = 1000")
            writer.commit()
        config = tmp_path / "config.yaml"
        config.write_text("figures_start: rebuild\n")
        arguments = ["--config", str(config)]
    centre = Centre(make_service("--clock", "external", *arguments).start())
    assert centre.stats() == before
    # And they go on: the contact that waited, and the agent, are still known.
    offer = centre.contact("waits-on")
    assert offer.agent_id == "ann"
    centre.accept(1_200, "waits-on", "ann", offer.offer_id)
    after = BOTH | {"answered": 3, "answered_wait": 1_673.0, "answered_wait_max": 913.0}
    del after["waiting"]
    assert short(centre.stats(interval=None)[0]) == after
