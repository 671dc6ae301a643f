"""Records of plans, callbacks, transfers and the rest of routing: what was written once is read for ever."""

import pytest

from acd_core import commands
from acd_core.enums import ClosingRule, CommandKind, EndKind, EventType, StepAction, Strategy, TreatmentKind
from acd_core.events import Event
from acd_core.opening_hours import Calendar, CalendarException, OpeningHours
from acd_core.plan import EndWait, Overflow, Plan, PlanStep, StepCondition
from acd_core.policy import CallbackPolicy, Policy, PreferencePolicy, QueueSpec, SkillWeight
from acd_core.roster import AgentSpec
from acd_service import codec

PLAN = Plan(
    "p",
    (
        PlanStep(0, StepAction.START_TREATMENT, treatment=TreatmentKind.MUSIC, name="m"),
        PlanStep(1_000, StepAction.OFFER_CALLBACK, StepCondition(3, 60_000, True), name="a"),
        PlanStep(2_000, StepAction.SET_REQUIREMENT, requirement="x"),
        PlanStep(2_000, StepAction.LOWER_LEVEL, skill="x", level=2),
        PlanStep(2_000, StepAction.DROP_SKILL, skill="x"),
        PlanStep(2_000, StepAction.RAISE_MAX_TIER, tier=4),
        PlanStep(2_000, StepAction.ADD_CREDIT, credit_ms=-1_500),
        PlanStep(2_000, StepAction.SET_PRIORITY, priority=-5),
        PlanStep(2_000, StepAction.MOVE_TO_QUEUE, queue_id="s", restart_wait=True),
        PlanStep(2_000, StepAction.ADD_QUEUE, queue_id="s"),
        PlanStep(3_000, StepAction.END_WAIT, end=EndWait(EndKind.VOICEMAIL, "v")),
    ),
)
WHOLE_POLICY = Policy(
    queues=(
        QueueSpec(
            "s",
            strategy=Strategy.BROADCAST,
            plan_id="p",
            skill_weights=(SkillWeight("x", 7),),
            broadcast_to=5,
            preferred_hold_ms=0,
            calendar_id="c",
            at_closing=ClosingRule.RELEASE,
            overflow=Overflow(end=EndWait(EndKind.HANG_UP)),
        ),
        QueueSpec("t", overflow=Overflow("s")),
    ),
    plans=(PLAN,),
    preference=PreferencePolicy(1, True, 2),
    callback=CallbackPolicy(4, 5_000),
    calendars=(
        Calendar(
            "c", "Europe/Madrid", (OpeningHours((1, 5), 540, 1_080),), (CalendarException("2027-01-01", "New Year"),)
        ),
    ),
    occupancy_time_constant_ms=60_000,
)

COMMANDS = [
    (
        "62a40312a1030a090a05766f69636510640a080a046368617410190a080a046d61696c100a12360a01731801200c2a0208143202081442004a0050e807f2010170fa01050a017810078002058a020092020163980202a202041202080312220a0174180120012a0208143202081442004a0050e807800202980201a202030a0173220208052a003202080a42260a080a02083c1200180012080a001202080a18001a080a001202080a180322060a0012001803f20198010a0170120a0a00920105080212016d12140a020801120808031202083c18019a01030a016112070a020802520178120b0a0208025a050a0178100212070a02080262017812060a0208026804121c0a020802721608ffffffffffffffffff011080b6ca91feffffffff0112060a0208027809120c0a0208028201050a0173100112080a0208028a010173120c0a020803a201050801120176fa010e0a0410c0843d10011a041080897a8202060804120208058a02360a0163120d4575726f70652f4d61647269641a0a0a020105109c0418b80822160a0a323032372d30312d303112084e65772059656172920202083c",
        commands.ApplyPolicy(WHOLE_POLICY),
    ),
    ("520a12080a01611864f00107", commands.UpsertAgents((AgentSpec("a", weight=7),))),
    (
        "0a141a01712205766f696365fa01070a016112001801",
        commands.EnqueueContact("", "q", preferred_agents=("a",), preferred_hold_ms=0, only_preferred=True),
    ),
    (
        "0a1e1a01712205766f6963658202110a0131120210051a06088094ebdc032002",
        commands.EnqueueContact("", "q", callback_address="1", window_start_ns=5, window_end_ns=10**18, attempts_max=2),
    ),
    (
        "0a161a01712205766f6963658a0201639202050a01781007",
        commands.EnqueueContact("", "q", consults_contact_id="c", skill_weights=(SkillWeight("x", 7),)),
    ),
    ("1206120163f20100", commands.UpdateContact("c", preferred_agents=())),
    ("32051201632801", commands.CompleteContact("c", not_reached=True)),
    (
        "6a101201631a01612201713a017840004801",
        commands.TransferContact("c", "a", queue_id="q", requirement="x", priority=0, restart_wait=True),
    ),
    ("6a091201631a01612a0162", commands.TransferContact("c", "a", to_agent_id="b")),
    ("6a091201631a0161320164", commands.TransferContact("c", "a", consultation_contact_id="d")),
    ("720c1201631a01612204626f7373", commands.PickContact("c", "a", "boss")),
    ("7a161201631a110a0131120210051a06088094ebdc032002", commands.RequestCallback("c", "1", 5, 10**18, 2)),
    ("aa0503120171", commands.OpenQueue("q")),
    ("b20503120171", commands.CloseQueue("q")),
    ("ba0503120163", commands.SetContactAside("c")),
    ("c20503120161", commands.SetAgentAside("a")),
    ("ca05061201631a0164", commands.ForgetCustomer("c", ("d",))),
]
EVENTS = [
    (
        "080710061a06088094ebdc039a010a0a016312017422003004",
        Event(EventType.CONTACT_UPDATED, 7, 6, 10**18, contact_id="c", text="t", tier=4),
    ),
    (
        "080710061a06088094ebdc03c201210a01631201611a017120092a02100532102200280c3002400348035204626f7373",
        Event(
            EventType.OFFER_MADE,
            7,
            6,
            10**18,
            contact_id="c",
            agent_id="a",
            queue_id="q",
            offer_id=9,
            until_ns=5,
            strategy=12,
            chosen_by=2,
            step=3,
            cause=3,
            text="boss",
        ),
    ),
    (
        "080710061a06088094ebdc0392022b0a0163120171180220042a017430093a1608ffffffffffffffffff011080b6ca91feffffffff0140044803",
        Event(
            EventType.PLAN_STEP_TAKEN,
            7,
            6,
            10**18,
            contact_id="c",
            queue_id="q",
            step=2,
            cause=4,
            text="t",
            priority=-5,
            credit_ms=-1500,
            tier=4,
            policy_version=3,
        ),
    ),
    (
        "080710061a06088094ebdc039a02150a01631201711a017320022a0808011081cab5ee01",
        Event(
            EventType.CONTACT_MOVED,
            7,
            6,
            10**18,
            contact_id="c",
            queue_id="q",
            text="s",
            cause=2,
            wait_ns=1_500_000_001,
        ),
    ),
    (
        "080710061a06088094ebdc03a2021b0a01631201711802220508011201742807320808011081cab5ee01",
        Event(
            EventType.TREATMENT_STARTED,
            7,
            6,
            10**18,
            contact_id="c",
            queue_id="q",
            step=2,
            cause=1,
            text="t",
            position=7,
            wait_ns=1_500_000_001,
        ),
    ),
    (
        "080710061a06088094ebdc03aa020d0a016312017118022201742807",
        Event(
            EventType.CALLBACK_OFFERED,
            7,
            6,
            10**18,
            contact_id="c",
            queue_id="q",
            step=2,
            text="t",
            position=7,
            wait_ns=-1,
        ),
    ),
    (
        "080710061a06088094ebdc03b2020e0a01631201711a06080312023137",
        Event(EventType.WAIT_ENDED, 7, 6, 10**18, contact_id="c", queue_id="q", cause=3, text="17"),
    ),
    ("080710061a06088094ebdc03ba02030a0171", Event(EventType.QUEUE_OPENED, 7, 6, 10**18, queue_id="q")),
    ("080710061a06088094ebdc03c202030a0171", Event(EventType.QUEUE_CLOSED, 7, 6, 10**18, queue_id="q")),
    (
        "080710061a06088094ebdc03ca020b0a01631206088094ebdc03",
        Event(EventType.CONTACT_RESERVED, 7, 6, 10**18, contact_id="c", until_ns=10**18),
    ),
    (
        "080710061a06088094ebdc03d202050a01631002",
        Event(EventType.RESERVATION_ENDED, 7, 6, 10**18, contact_id="c", cause=2),
    ),
    (
        "080710061a06088094ebdc03da022e0a01631201711a05766f6963652201742809321608ffffffffffffffffff011080b6ca91feffffffff0138034200",
        Event(
            EventType.SEGMENT_OPENED,
            7,
            6,
            10**18,
            contact_id="c",
            queue_id="q",
            channel_id="voice",
            text="t",
            priority=-5,
            credit_ms=-1500,
            cause=3,
            wait_ns=0,
        ),
    ),
    (
        "080710061a06088094ebdc03e202080a01631201312003",
        Event(EventType.CALLBACK_SET, 7, 6, 10**18, contact_id="c", text="1", until_ns=0, ordinal=3),
    ),
    (
        "080710061a06088094ebdc03ea020b0a01631206088094ebdc03",
        Event(EventType.CONTACT_SCHEDULED, 7, 6, 10**18, contact_id="c", until_ns=10**18),
    ),
    (
        "080710061a06088094ebdc03f202060a0163120171",
        Event(EventType.CALLBACK_DUE, 7, 6, 10**18, contact_id="c", queue_id="q"),
    ),
    (
        "080710061a06088094ebdc03fa02090a01641201611a0163",
        Event(EventType.CONSULTATION_OPENED, 7, 6, 10**18, contact_id="d", agent_id="a", text="c"),
    ),
    (
        "080710061a06088094ebdc038203030a0163",
        Event(EventType.CUSTOMER_FORGOTTEN, 7, 6, 10**18, contact_id="c"),
    ),
]


@pytest.mark.parametrize(("recorded", "command"), COMMANDS)
def test_commands_are_read_as_they_were_meant(recorded: str, command: commands.Command) -> None:
    assert codec.decode_command(bytes.fromhex(recorded)) == command


@pytest.mark.parametrize(("recorded", "event"), EVENTS)
def test_events_are_read_as_they_were_meant(recorded: str, event: Event) -> None:
    assert codec.decode_event(bytes.fromhex(recorded)) == event


def test_every_later_kind_is_recorded() -> None:
    assert {command.kind for _, command in COMMANDS} >= {kind for kind in CommandKind if kind > 16}
    assert {event.type for _, event in EVENTS} >= {kind for kind in EventType if kind > 23}
