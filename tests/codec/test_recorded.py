"""Records that were written once are read for ever: the bytes below are those of the first version."""

import pytest

from acd_core import commands
from acd_core.enums import CommandKind, EventType
from acd_core.events import Event
from acd_core.policy import Channel, Policy, QueueSpec
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_service import codec

POLICY = Policy(queues=(QueueSpec("s", "x>=3", max_tier=0, credit_ms=-1_500),), channels=(Channel("voice", 90),))
AGENT = AgentSpec("a", (SkillLevel("x", 3),), 50, (ChannelMaximum("chat", 0),), (QueueMembership("s", 1, 20),), "A B")
ATTRIBUTES = b"\x0a\x06\x0a\x01k\x12\x01v"

COMMANDS = [
    ("820500", commands.Tick()),
    ("8a05030a0172", commands.Resume(request_id="r")),
    (
        "627a0a017212730a090a05766f696365105a12340a01731204783e3d33180120012a0208143202081442004a1608ffffffffffffffffff011080b6ca91feffffffff0150e8075800220208052a003202080a42260a080a02083c1200180012080a001202080a18001a080a001202080a180322060a00120018031800",
        commands.ApplyPolicy(POLICY, 0, request_id="r"),
    ),
    (
        "522612240a016112050a01781003183222080a046368617410002a070a0173100118143203412042",
        commands.UpsertAgents((AGENT,)),
    ),
    ("5a06120161120162", commands.RemoveAgents(("a", "b"))),
    ("4210120161180322056c756e63682a020805", commands.SetPresence("a", 3, "lunch", 5_000)),
    ("4a03120161", commands.Heartbeat(("a",))),
    ("0a0d1201631a01732205766f696365", commands.EnqueueContact("c", "s", "voice")),
    (
        "9205320a01721201631a01732204636861742a04783e3d3330093a0b10c0fbc2ffffffffffff014204637573744a060a016b120176",
        commands.EnqueueContact("c", "s", "chat", "x>=3", -5, -1, "cust", ATTRIBUTES, True, request_id="r"),
    ),
    (
        "120d1201631a0020002a0032003800",
        commands.UpdateContact("c", requirement="", priority=0, credit_ms=0, attributes=b"", held=False),
    ),
    ("1a051201631802", commands.CancelContact("c", False)),
    ("1a051201631801", commands.CancelContact("c")),
    ("22081201631a01612005", commands.AcceptOffer("c", "a", 5)),
    ("2a0a1201631a016120052804", commands.DeclineOffer("c", "a", 5, 4)),
    ("3203120163", commands.CompleteContact("c")),
    ("32081201631a01612200", commands.CompleteContact("c", "a", 0)),
    ("3a061201611a0163", commands.FinishWrapUp("a", "c")),
    ("9a0503120163", commands.DetachContact("c")),
    ("a20503120163", commands.AttachContact("c")),
]
EVENTS = [
    ("080710061a06088094ebdc035a020803", Event(EventType.POLICY_APPLIED, 7, 6, 10**18, policy_version=3)),
    (
        "080710061a06088094ebdc03622b0a016110041a240a016112050a01781003183222080a046368617410002a070a0173100118143203412042",
        Event(EventType.AGENT_ADDED, 7, 6, 10**18, agent_id="a", ordinal=4, agent=AGENT),
    ),
    (
        "080710061a06088094ebdc036a2b0a016110041a240a016112050a01781003183222080a046368617410002a070a0173100118143203412042",
        Event(EventType.AGENT_UPDATED, 7, 6, 10**18, agent_id="a", ordinal=4, agent=AGENT),
    ),
    ("080710061a06088094ebdc0372050a01611004", Event(EventType.AGENT_REMOVED, 7, 6, 10**18, agent_id="a", ordinal=4)),
    (
        "080710061a06088094ebdc037a140a016110031a017420022a08088094ebdc031001",
        Event(
            EventType.PRESENCE_CHANGED, 7, 6, 10**18, agent_id="a", presence=3, text="t", cause=2, until_ns=10**18 + 1
        ),
    ),
    (
        "080710061a06088094ebdc0382010d0a01611208088094ebdc031001",
        Event(EventType.AGENT_DELAYED, 7, 6, 10**18, agent_id="a", until_ns=10**18 + 1),
    ),
    ("080710061a06088094ebdc038a01030a0161", Event(EventType.AGENT_DELAY_ENDED, 7, 6, 10**18, agent_id="a")),
    (
        "080710061a06088094ebdc0392013a0a016310041a01712205766f6963652a017430093a1608ffffffffffffffffff011080b6ca91feffffffff014204637573744a060a016b120176",
        Event(
            EventType.CONTACT_ENQUEUED,
            7,
            6,
            10**18,
            contact_id="c",
            ordinal=4,
            queue_id="q",
            channel_id="voice",
            text="t",
            priority=-5,
            credit_ms=-1500,
            customer_id="cust",
            attributes=ATTRIBUTES,
        ),
    ),
    (
        "080710061a06088094ebdc039a01280a01631201741809221608ffffffffffffffffff011080b6ca91feffffffff012a060a016b120176",
        Event(
            EventType.CONTACT_UPDATED,
            7,
            6,
            10**18,
            contact_id="c",
            text="t",
            priority=-5,
            credit_ms=-1500,
            attributes=ATTRIBUTES,
        ),
    ),
    (
        "080710061a06088094ebdc03a201060a0163120161",
        Event(EventType.CONTACT_HELD, 7, 6, 10**18, contact_id="c", agent_id="a"),
    ),
    (
        "080710061a06088094ebdc03aa01060a0163120161",
        Event(EventType.CONTACT_RETRIEVED, 7, 6, 10**18, contact_id="c", agent_id="a"),
    ),
    (
        "080710061a06088094ebdc03b2010d0a01631208088094ebdc031001",
        Event(EventType.CONTACT_DETACHED, 7, 6, 10**18, contact_id="c", until_ns=10**18 + 1),
    ),
    ("080710061a06088094ebdc03ba01030a0163", Event(EventType.CONTACT_ATTACHED, 7, 6, 10**18, contact_id="c")),
    (
        "080710061a06088094ebdc03c201360a01631201611a017120092a08088094ebdc031001321f080110091880e0ebdaf2e2ffffff01220808011081cab5ee01280230013803",
        Event(
            EventType.OFFER_MADE,
            7,
            6,
            10**18,
            contact_id="c",
            agent_id="a",
            queue_id="q",
            offer_id=9,
            until_ns=10**18 + 1,
            tier=1,
            priority=-5,
            score=-(10**12),
            wait_ns=1_500_000_001,
            strategy=2,
            chosen_by=1,
            policy_version=3,
        ),
    ),
    (
        "080710061a06088094ebdc03ca01150a01631201611a017120092a0808011081cab5ee01",
        Event(
            EventType.OFFER_ACCEPTED,
            7,
            6,
            10**18,
            contact_id="c",
            agent_id="a",
            queue_id="q",
            offer_id=9,
            wait_ns=1_500_000_001,
        ),
    ),
    (
        "080710061a06088094ebdc03d2012c0a01631201611a017120092a1f080110091880e0ebdaf2e2ffffff01220808011081cab5ee01280230013803",
        Event(
            EventType.CONTACT_ASSIGNED,
            7,
            6,
            10**18,
            contact_id="c",
            agent_id="a",
            queue_id="q",
            offer_id=9,
            tier=1,
            priority=-5,
            score=-(10**12),
            wait_ns=1_500_000_001,
            strategy=2,
            chosen_by=1,
            policy_version=3,
        ),
    ),
    (
        "080710061a06088094ebdc03da010d0a01631201611a017120092802",
        Event(EventType.OFFER_ENDED, 7, 6, 10**18, contact_id="c", agent_id="a", queue_id="q", offer_id=9, cause=2),
    ),
    (
        "080710061a06088094ebdc03e201100a01631201611a08088094ebdc031001",
        Event(EventType.AGENT_EXCLUDED, 7, 6, 10**18, contact_id="c", agent_id="a", until_ns=10**18 + 1),
    ),
    (
        "080710061a06088094ebdc03ea01060a0163120161",
        Event(EventType.EXCLUSION_ENDED, 7, 6, 10**18, contact_id="c", agent_id="a"),
    ),
    (
        "080710061a06088094ebdc03f201190a01631201611a01712208088094ebdc0310012a0408021003",
        Event(
            EventType.CONTACT_COMPLETED,
            7,
            6,
            10**18,
            contact_id="c",
            agent_id="a",
            queue_id="q",
            until_ns=10**18 + 1,
            duration_ns=2_000_000_003,
        ),
    ),
    (
        "080710061a06088094ebdc03fa011b0a01631201611a017120022a0808011081cab5ee01320408021003",
        Event(
            EventType.CONTACT_CLOSED,
            7,
            6,
            10**18,
            contact_id="c",
            agent_id="a",
            queue_id="q",
            cause=2,
            wait_ns=1_500_000_001,
            duration_ns=2_000_000_003,
        ),
    ),
    (
        "080710061a06088094ebdc038202060a0163120161",
        Event(EventType.CONTACT_UNATTENDED, 7, 6, 10**18, contact_id="c", agent_id="a"),
    ),
    ("080710061a06088094ebdc038a02060a0408021003", Event(EventType.RESUMED, 7, 6, 10**18, duration_ns=2_000_000_003)),
]


def test_every_kind_is_recorded() -> None:
    assert {command.kind for _, command in COMMANDS} == set(CommandKind)
    assert {event.type for _, event in EVENTS} == set(EventType)


@pytest.mark.parametrize(("recorded", "command"), COMMANDS)
def test_commands_are_read_as_they_were_meant(recorded: str, command: commands.Command) -> None:
    assert codec.decode_command(bytes.fromhex(recorded)) == command


@pytest.mark.parametrize(("recorded", "event"), EVENTS)
def test_events_are_read_as_they_were_meant(recorded: str, event: Event) -> None:
    assert codec.decode_event(bytes.fromhex(recorded)) == event
