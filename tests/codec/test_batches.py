"""Batches: the compiled form gives what the plain one gives, on either engine; refusals are results."""

from typing import Any

import pytest
from google.rpc import error_details_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.v1.command_pb2 import Command as CommandMessage
from acd.v1.command_pb2 import CommandResult
from acd.v1.journal_pb2 import CommandChunk, EventChunk
from acd.v1.routing_service_pb2 import DispatchRequest, DispatchResponse
from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    DeclineOffer,
    EnqueueContact,
    FinishWrapUp,
    Heartbeat,
    PickContact,
    SetPresence,
    UpdateContact,
    UpsertAgents,
)
from acd_core.engine import Engine
from acd_core.limits import AT_NS_MAX
from acd_core.plan import Plan, PlanStep
from acd_core.policy import Policy, QueueSpec
from acd_core.reference import ReferenceEngine
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec, SkillLevel
from acd_service import codec
from acd_service.batches import (
    Applied,
    Batch,
    BatchFailed,
    Permit,
    apply_batch,
    apply_calls,
    read_batch,
    response_of,
)
from acd_service.batches.applying import _status_bytes
from acd_service.batches.plain import apply_plain, framed
from acd_service.codec.batches import dispatch_request
from acd_service.codec.records import encode_command
from acd_service.codec.sent import SentCommand
from acd_service.codec.values import packed_attributes, varint
from acd_service.codec.wire_reader import CommandReader
from acd_service.service_error import PermissionDenied

T0 = 1_700_000_000_000_000_000
POLICY = Policy(
    queues=(
        QueueSpec("sales", offer_timeout_ms=20_000, wrap_up_ms=10_000),
        QueueSpec("käufe", requirement="spanish>=40", auto_accept=True, wrap_up_ms=0),
        QueueSpec("planned", plan_id="p", max_waiting=1),
    ),
    plans=(Plan("p", (PlanStep(0, 6, priority=3), PlanStep(1_000, 5, credit_ms=60_000))),),
)
START: list[Command] = [
    ApplyPolicy(POLICY),
    UpsertAgents((AgentSpec("ann", (SkillLevel("spanish", 80),)), AgentSpec("bob"), AgentSpec("käthe"))),
    SetPresence("ann", 2),
]
contacts = st.sampled_from(["c1", "c2", "c3", "größe", "acd:0", "nobody"])
agents = st.sampled_from(["ann", "bob", "käthe", "nobody"])
queues = st.sampled_from(["sales", "käufe", "planned", "nowhere"])
request_ids = st.sampled_from(["", "", "r1", "r2"])
commands = st.one_of(
    st.builds(
        EnqueueContact,
        st.sampled_from(["c1", "c2", "c3", "größe", ""]),
        queues,
        requirement=st.sampled_from(["", "spanish"]),
        priority=st.integers(-1, 1),
        customer_id=st.sampled_from(["", "k"]),
        attributes=st.sampled_from([b"", packed_attributes({"b": "2", "a": "é"})]),
        preferred_agents=st.sampled_from([(), ("bob",)]),
        request_id=request_ids,
    ),
    st.builds(AcceptOffer, contacts, agents, st.integers(1, 4), request_id=request_ids),
    st.builds(DeclineOffer, contacts, agents, st.integers(1, 4), st.integers(1, 4)),
    st.builds(CompleteContact, contacts, st.sampled_from(["", "ann"]), st.sampled_from([-1, 0, 5_000])),
    st.builds(FinishWrapUp, agents, st.sampled_from(["", "c1"])),
    st.builds(CancelContact, contacts, st.booleans()),
    st.builds(SetPresence, agents, st.integers(1, 2), lease_ms=st.sampled_from([0, 1_000])),
    st.builds(Heartbeat, st.sampled_from([("ann",), ("ann", "bob"), ("nobody",)])),
    st.builds(UpdateContact, contacts, priority=st.integers(0, 2), attributes=st.sampled_from([None, b""])),
    st.builds(PickContact, contacts, agents),
    st.just(ApplyPolicy(POLICY)),
    st.just(UpsertAgents((AgentSpec("bob", (SkillLevel("spanish", 50),)),))),
)
batches = st.lists(st.tuples(st.integers(0, 30), st.lists(commands, min_size=1, max_size=12)), min_size=1, max_size=6)


def started(engine: Any) -> Any:
    for command in START:
        engine.apply(T0, command)
    return engine


def apply_all(engine: Any, content: bytes, at_ns: int, **options: Any) -> tuple[DispatchResponse, list[Applied]]:
    batch = read_batch(content)
    runs: list[Applied] = []
    while not runs or runs[-1].after < len(batch):
        runs.append(apply_batch(engine, at_ns, batch, runs[-1].after if runs else 0, **options))
    return DispatchResponse.FromString(response_of(runs)), runs


def unworded(answer: DispatchResponse) -> list[Any]:
    """Results without the sentences of refusals, which each engine words in its own way."""
    return [(result.error.code, info_of(result)) if result.HasField("error") else result for result in answer.results]


def meaning(run: Applied) -> list[Any]:
    """A run without the order that protobuf gives to the entries of a map."""
    return [
        run.after, run.at_ns, unworded(DispatchResponse.FromString(run.results)), run.commands,
        run.first_seq, run.last_seq, run.event_hash,
        EventChunk.FromString(run.events), run.first_event_seq, run.last_event_seq,
        list(run.accepted), dict(run.refused), run.policy, run.policy_version,
    ]  # fmt: skip


@given(batches, st.sampled_from([b"", codec.asked_by_field("pbx-1")]))
@settings(max_examples=60, deadline=None)
def test_compiled_and_plain_give_the_same(timed: list[tuple[int, list[Command]]], asked_by: bytes) -> None:
    compiled, plain = started(Engine()), started(ReferenceEngine())
    at_ns = T0
    for number, (later_s, some) in enumerate(timed):
        at_ns += later_s * 10**9
        content = dispatch_request(some, number)
        answer, runs = apply_all(compiled, content, at_ns, asked_by=asked_by)
        expected, plain_runs = apply_all(plain, content, at_ns, asked_by=asked_by)
        assert [meaning(run) for run in runs] == [meaning(run) for run in plain_runs]
        assert unworded(answer) == unworded(expected)
        assert answer.batch_id == number
        assert len(answer.results) == len(some)
    assert compiled.state_digest() == plain.state_digest()


def by_plain(engine: Engine, content: bytes, at_ns: int) -> list[Applied]:
    batch = read_batch(content)
    runs: list[Applied] = []
    while not runs or runs[-1].after < len(batch):
        start = runs[-1].after if runs else 0
        runs.append(apply_plain(engine, at_ns, batch, start, _status_bytes, None, None, b""))
    return runs


def dispatch_bytes(commands: list[bytes]) -> bytes:
    return b"".join(b"\x12" + varint(len(content)) + content for content in commands)


@given(
    st.lists(st.tuples(commands, st.integers(0, 80), st.integers(0, 255), st.booleans()), min_size=1, max_size=8),
    st.integers(0, 30),
)
@settings(max_examples=150, deadline=None)
def test_bytes_gone_wrong_are_judged_as_by_the_plain_codec(
    damaged: list[tuple[Command, int, int, bool]], later_s: int
) -> None:
    """Word for word: orders over bytes, and objects made by protobuf, have one engine and one set of rules."""
    contents = []
    for command, place, value, is_damaged in damaged:
        content = bytearray(codec.encode_command(command))
        if is_damaged and place < len(content):
            content[place] = value
        contents.append(bytes(content))
    request = dispatch_bytes(contents)
    quick, plain = started(Engine()), started(Engine())
    answer, runs = apply_all(quick, request, T0 + later_s * 10**9)
    expected = by_plain(plain, request, T0 + later_s * 10**9)
    assert answer == DispatchResponse.FromString(b"".join(run.results for run in expected))
    assert [meaning(run) for run in runs] == [meaning(run) for run in expected]
    assert quick.snapshot() == plain.snapshot()


@given(batches)
@settings(max_examples=30, deadline=None)
def test_a_batch_comes_to_what_its_commands_come_to_one_by_one(timed: list[tuple[int, list[Command]]]) -> None:
    together, alone = started(Engine()), started(Engine())
    at_ns = T0
    for later_s, some in timed:
        at_ns += later_s * 10**9
        answer, runs = apply_all(together, dispatch_request(some), at_ns)
        results, events = [], []
        for command in some:
            due_ns = alone.next_timer()
            if due_ns is not None and due_ns <= at_ns:
                events += alone.apply(at_ns, codec.decode_command(b"\x82\x05\x00")).events
            try:
                applied = alone.apply(at_ns, command)
            except Refused as refused:
                results.append(refused.reason.value)
                continue
            offline = (
                () if not isinstance(command, Heartbeat) else [i for i in command.agent_ids if is_offline(alone, i)]
            )
            results.append(codec.result_of(command, applied, offline))
            events += applied.events
        written = [message for run in runs for message in EventChunk.FromString(run.events).events]
        assert written == [codec.event_message(event) for event in events]
        assert [reason_or_result(result) for result in answer.results] == results
    assert together.state_digest() == alone.state_digest()


def test_batches_of_a_large_site_come_to_the_same() -> None:
    compiled, plain = started(Engine()), started(Engine())
    ids = [f"c-{'ü' * (number % 7 == 0)}{number}" for number in range(4_500)]
    arrivals: list[Command] = [
        EnqueueContact(contact_id, "sales", requirement=["", "spanish", f"spanish>={number % 90}"][number % 3])
        for number, contact_id in enumerate(ids)
    ]
    changes: list[Command] = [CancelContact(contact_id) for contact_id in ids[::9]]
    changes += [AcceptOffer("c-1", "ann", 1), CompleteContact("c-1"), FinishWrapUp("ann"), FinishWrapUp("ann", "c-1")]
    changes += [SetPresence("bob", 2), SetPresence("käthe", 2), CancelContact("nobody"), EnqueueContact("", "sales")]
    for place, part in enumerate((arrivals[:2_500], arrivals[2_500:], changes, changes[::-1])):
        content = dispatch_request(part)
        at_ns = T0 + place * 1_000_000_000
        taken = apply_batch(compiled, at_ns, read_batch(content))
        batch = read_batch(content)
        held = apply_plain(plain, at_ns, batch, 0, lambda error: b"", None, None, b"")
        assert (taken.commands, taken.events, taken.after) == (held.commands, held.events, held.after)
    assert compiled.state_digest() == plain.state_digest()


def is_offline(engine: Engine, agent_id: str) -> bool:
    view = engine.agent(agent_id)
    return view is None or view.presence == 1


def reason_or_result(result: CommandResult) -> Any:
    if result.WhichOneof("result") != "error":
        return result
    return info_of(result)[0]


def info_of(result: CommandResult) -> tuple[str, str]:
    info = error_details_pb2.ErrorInfo()
    assert result.error.details[0].Unpack(info)
    return info.reason, info.metadata.get("field", "")


def test_what_the_journal_keeps_gives_the_same_again() -> None:
    engine, again = started(Engine()), started(Engine())
    some = [EnqueueContact("c1", "sales"), EnqueueContact("c1", "nowhere"), EnqueueContact("c2", "käufe")]
    run = apply_all(engine, dispatch_request([*some, AcceptOffer("c1", "ann", 1)]), T0 + 1)[1][0]
    chunk = CommandChunk.FromString(run.commands)
    assert [record.seq for record in chunk.records] == list(range(run.first_seq, run.last_seq + 1)) == [4, 5, 6]
    for record, event_hash in zip(chunk.records, chunk.event_hashes, strict=True):
        seq, at_ns, command = codec.decode_record(record.SerializeToString())
        assert again.apply(at_ns, command).seq == seq
        assert again.event_hash == event_hash
    assert again.state_digest() == engine.state_digest()


def errors(content: bytes, **options: Any) -> list[tuple[str, str]]:
    answer, _ = apply_all(started(Engine()), content, T0 + 1, **options)
    return [info_of(result) if result.HasField("error") else ("", "") for result in answer.results]


def request_of(*messages: bytes) -> bytes:
    return b"".join(framed(2, message) for message in messages)


def test_a_refused_command_does_not_keep_the_others_from_being_taken() -> None:
    good = CommandMessage(enqueue_contact={"queue_id": "sales"}).SerializeToString()
    content = request_of(
        good,
        CommandMessage(tick={}).SerializeToString(),
        b"",
        CommandMessage(enqueue_contact={"queue_id": "sales\n"}).SerializeToString(),
        CommandMessage(enqueue_contact={"queue_id": "sales", "channel": "fax"}).SerializeToString(),
        CommandMessage(apply_policy={"validate_only": True}).SerializeToString(),
        b"\x0a\x05ab",
        CommandMessage(cancel_contact={"contact_id": "c"}).SerializeToString() + b"\xff",
        CommandMessage(set_presence={"agent_id": "ann", "lease": codec.duration_of_ms(-5)}).SerializeToString(),
        good,
    )
    assert errors(content) == [
        ("", ""),
        ("INVALID_VALUE", "commands[1].command"),
        ("EMPTY", "commands[2].command"),
        ("INVALID_CHARACTER", "queue_id"),
        ("UNKNOWN_CHANNEL", "channel"),
        ("INVALID_VALUE", "commands[5].validate_only"),
        ("INVALID_VALUE", "commands[6]"),
        ("INVALID_VALUE", "commands[7]"),
        ("OUT_OF_RANGE", "lease"),
        ("", ""),
    ]


def test_commands_that_their_sender_may_not_give_are_refused_unread() -> None:
    def check(content: bytes) -> None:
        raise PermissionDenied(f"not {CommandMessage.FromString(content).WhichOneof('command')}")

    content = dispatch_request([EnqueueContact("c1", "sales"), CancelContact("c1"), EnqueueContact("c2", "sales")])
    denied = ("PERMISSION_DENIED", "")
    assert errors(content, permit=Permit(1 << 3, check)) == [denied, ("UNKNOWN_CONTACT", "contact_id"), denied]


@pytest.mark.parametrize(
    ("content", "reason", "field"),
    [
        (b"", Reason.EMPTY, "commands"),
        (b"\x08\x07", Reason.EMPTY, "commands"),
        (b"\x12\x00" * 4_097, Reason.TOO_MANY, "commands"),
        (b"\x12\x05\x00", Reason.INVALID_VALUE, ""),
        (b"\xff\xff", Reason.INVALID_VALUE, ""),
    ],
)
def test_what_is_no_batch_is_refused(content: bytes, reason: Reason, field: str) -> None:
    with pytest.raises(Refused) as caught:
        read_batch(content)
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_an_unusual_request_is_read_all_the_same() -> None:
    content = dispatch_request([EnqueueContact("c1", "sales")], 7)
    batch = read_batch(b"\x1a\x01x" + content + b"\x28\x01")
    assert (batch.frame.batch_id, len(batch)) == (7, 1)
    assert DispatchRequest(batch_id=7, commands=[CommandMessage.FromString(batch.frame.command(0))]) == (
        DispatchRequest.FromString(content)
    )


class Trips(ReferenceEngine):
    """Fails on one kind of command."""

    def apply(self, at_ns: int, command: Command) -> Any:
        if isinstance(command, CancelContact):
            raise AssertionError("tripped")
        return super().apply(at_ns, command)


def test_a_failure_of_the_engine_names_the_command() -> None:
    content = dispatch_request([EnqueueContact("c1", "sales"), CancelContact("c1"), EnqueueContact("c2", "sales")])
    with pytest.raises(BatchFailed, match="command 1, CancelContact") as caught:
        apply_all(started(Trips()), content, T0 + 1)
    assert caught.value.place == 1
    assert isinstance(caught.value.command, CancelContact)


def text(field: int, content: bytes) -> bytes:
    return framed(field, content) if content else b""


def cannot_encode(event: object) -> bytes:
    raise ValueError("an event that has no form")


@pytest.mark.parametrize(
    ("form", "engine"), [("compiled", Engine), ("plain", ReferenceEngine)], ids=["compiled", "plain"]
)
def test_what_cannot_be_written_names_the_command(form: str, engine: type[Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(f"acd_service.batches.{form}.encode_event", cannot_encode)
    content = dispatch_request([CancelContact("c1"), UpsertAgents((AgentSpec("zoe"),)), CancelContact("c1")])
    with pytest.raises(BatchFailed, match=r"command 1, UpsertAgents.*has no form") as caught:
        apply_all(started(engine()), content, T0 + 1)
    assert caught.value.place == 1
    assert caught.value.command == UpsertAgents((AgentSpec("zoe"),))


def test_a_call_that_cannot_be_written_is_named(monkeypatch: Any) -> None:
    monkeypatch.setattr("acd_service.batches.compiled.encode_event", cannot_encode)
    sent = SentCommand(UpsertAgents((AgentSpec("zoe"),)), 10, b"")
    with pytest.raises(BatchFailed, match=r"command 0, UpsertAgents.*has no form"):
        apply_calls(started(Engine()), T0 + 1, [sent], 0, b"")


@pytest.mark.parametrize("name", [b"\xff", b"\xc3", b"", b"n" * 129, b"nobody\x00", "größe".encode(), b"acd:9"])
def test_names_that_are_none_are_refused_as_by_plain_code(name: bytes) -> None:
    commands = []
    for contact, agent, queue in ((name, b"ann", b"sales"), (b"c1", name, b"sales"), (b"c2", b"ann", name)):
        of_offer = text(2, contact) + text(3, agent)
        commands += [
            framed(1, text(2, contact) + text(3, queue) + text(4, b"voice")),
            framed(1, text(2, contact) + text(3, b"sales") + text(4, agent)),
            framed(4, of_offer + b"\x20\x07"),
            framed(5, of_offer + b"\x20\x07"),
            framed(6, of_offer),
            framed(7, text(2, agent) + text(3, contact)),
            framed(3, text(2, contact)),
            framed(8, text(2, agent) + b"\x18\x02"),
        ]
    compiled, plain = started(Engine()), started(Engine())
    for engine in (compiled, plain):
        apply_all(engine, dispatch_request([EnqueueContact("c1", "sales")]), T0 + 1)
    answer, runs = apply_all(compiled, request_of(*commands), T0 + 2)
    expected, plain_runs = apply_all(plain, request_of(*commands), T0 + 2, plainly=True)
    assert answer == expected
    assert [meaning(run) for run in runs] == [meaning(run) for run in plain_runs]
    assert compiled.state_digest() == plain.state_digest()


def test_fields_in_any_order_say_the_same() -> None:
    in_order = framed(1, text(2, b"c1") + text(3, b"sales") + b"\x30\x02")
    turned = framed(1, b"\x30\x02" + text(3, b"sales") + text(2, b"c1"))
    twice = framed(1, text(2, b"c9") + text(2, b"c1") + text(3, b"sales") + b"\x30\x02")
    answers = [apply_all(started(Engine()), request_of(one), T0 + 1)[0] for one in (in_order, turned, twice)]
    assert answers[0].results[0].enqueue_contact.contact.contact_id == "c1"
    assert answers[0] == answers[1] == answers[2]


def test_customers_that_may_have_to_be_looked_up_are_found() -> None:
    by_id = EnqueueContact("c1", "sales", customer_id="k")
    by_address = CommandMessage(enqueue_contact={"queue_id": "q", "customer_address": "+49"}).SerializeToString()
    batch = read_batch(
        dispatch_request([EnqueueContact("c0", "sales"), by_id]) + request_of(by_address, b"\x0a\x01\xff")
    )
    assert batch.frame.places_with_customers(False) == [1, 2, 3]
    assert batch.frame.places_with_customers(True) == [2, 3]


def test_behind_a_change_of_the_directory_customers_are_looked_up_by_id_too() -> None:
    by_id = EnqueueContact("c1", "sales", customer_id="k")
    change = CommandMessage(remove_customers={"customer_ids": ["k"]}).SerializeToString()
    two_in_one = encode_command(CancelContact("c1")) + encode_command(by_id)
    before, behind = dispatch_request([by_id, CancelContact("c1")]), dispatch_request([by_id])
    assert read_batch(before + request_of(change) + behind).frame.places_with_customers(True) == [2, 3]
    assert read_batch(before + request_of(two_in_one) + behind).frame.places_with_customers(True) == [2, 3]


def test_what_looks_like_one_field_and_is_a_number_and_another_field_is_read_properly() -> None:
    by_address = CommandMessage(enqueue_contact={"queue_id": "q", "customer_address": "+49"}).SerializeToString()
    policy = encode_command(ApplyPolicy(POLICY))
    as_number = [b"\x28" + varint(len(content)) + content for content in (by_address, policy, b"\x1a\x00")]
    found = [read_batch(request_of(content)).frame for content in as_number]
    assert [frame.places_with_customers(True) for frame in found] == [[0], [0], [0]]
    assert [frame.administers() for frame in found] == [True, True, True]
    usual = read_batch(dispatch_request([CancelContact("c1"), EnqueueContact("c1", "sales")]))
    change = read_batch(request_of(CommandMessage(remove_customers={"customer_ids": ["k"]}).SerializeToString()))
    assert [frame.frame.administers() for frame in (usual, change)] == [False, False]


@pytest.mark.parametrize("engine", [Engine, ReferenceEngine])
@pytest.mark.parametrize(
    "unknown", [varint(20 << 3 | 3) * 99 + varint(20 << 3 | 4) * 99, varint(99 << 3 | 2) + b"\x09born-1970"]
)
def test_fields_of_a_newer_client_are_not_kept(engine: Any, unknown: bytes) -> None:
    request = text(2, b"c1") + text(3, b"sales") + unknown
    _, (run,) = apply_all(started(engine()), request_of(framed(1, request)), T0 + 1)
    (record,) = CommandChunk.FromString(run.commands).records
    assert codec.decode_record(record.SerializeToString())[2] == EnqueueContact("c1", "sales")
    assert unknown not in run.commands


@pytest.mark.parametrize("engine", [Engine, ReferenceEngine])
@pytest.mark.parametrize(("padding", "is_taken"), [(4, True), (5, False), (9, False)])
@pytest.mark.parametrize("within", [False, True])
def test_a_length_that_protobuf_does_not_read_is_refused(
    engine: Any, padding: int, is_taken: bool, within: bool
) -> None:
    """What is kept of a command is what came: who reads the journal later does so by protobuf."""

    def padded(field: int, content: bytes) -> bytes:
        return bytes([field << 3 | 2, len(content) | 0x80]) + b"\x80" * (padding - 1) + b"\x00" + content

    request = text(2, b"c1") + (padded if within else text)(3, b"sales")
    content = request_of((framed if within else padded)(1, request))
    assert errors(content) == [("", "") if is_taken else ("INVALID_VALUE", "commands[0]")]
    _, (run,) = apply_all(started(engine()), content, T0 + 1)
    assert len(CommandChunk.FromString(run.commands).records) == is_taken
    assert (CommandReader().request(1, request) is not None) == (is_taken or not within)


@pytest.mark.parametrize("engine", [Engine, ReferenceEngine])
def test_what_was_done_before_is_told_in_its_place(engine: Any) -> None:
    content = dispatch_request([EnqueueContact("c1", "sales"), CancelContact("c9"), EnqueueContact("c2", "sales")])
    done = CommandResult(remove_customers={"seq": 7}).SerializeToString()
    applied = apply_batch(started(engine()), T0 + 1, Batch(read_batch(content).frame, {1: done}))
    results = DispatchResponse.FromString(applied.results).results
    assert [result.WhichOneof("result") for result in results] == [
        "enqueue_contact", "remove_customers", "enqueue_contact",
    ]  # fmt: skip
    assert results[1].remove_customers.seq == 7
    assert applied.last_seq == applied.first_seq + 1
    assert not applied.refused


def test_an_engine_alone_has_no_directory() -> None:
    content = request_of(CommandMessage(upsert_customers={}).SerializeToString())
    applied = apply_batch(started(Engine()), T0 + 1, read_batch(content))
    (result,) = DispatchResponse.FromString(applied.results).results
    assert "commands[0].command" in result.error.message


@pytest.mark.parametrize("engine", [Engine, ReferenceEngine])
def test_a_time_out_of_range_is_refused(engine: Any) -> None:
    batch = read_batch(dispatch_request([EnqueueContact("c1", "sales")]))
    for at_ns in (0, -1, AT_NS_MAX + 1):
        with pytest.raises(Refused, match="out of range"):
            apply_batch(engine(), at_ns, batch)
