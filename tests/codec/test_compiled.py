"""The compiled reader and writer say what the plain codec says, or leave it to it."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acd.v1.command_pb2 import Command as CommandMessage
from acd.v1.event_pb2 import Event as EventMessage
from acd_core import limits
from acd_core.commands import AcceptOffer, Command, EnqueueContact
from acd_core.enums import EventType
from acd_core.events import EVENT_FIELDS, Event
from acd_core.refusal import Refused
from acd_service import codec
from acd_service.codec.event_reader import EventReader
from acd_service.codec.event_writer import EventWriter
from acd_service.codec.requests import batch_command_of
from acd_service.codec.texts import Texts
from acd_service.codec.values import packed_attributes
from acd_service.codec.wire_reader import CommandReader

READER = CommandReader()
WRITER = EventWriter()
EVENT_READER = EventReader()

ids = st.sampled_from(["", "a", "c-1", "käufer", "x" * 128, "x" * 129, "acd:7", "tab\t", "\x7f", "\u3000", " ", "名"])
texts = st.sampled_from(["", "lunch", "ü", "\n", "x" * 256, "x" * 257])
requirements = st.sampled_from(["", " ", "spanish", "spanish>=60 and not trainee", "'a b'<5 or (c and d)", "ñ!=3"]) | (
    st.sampled_from(["a >=", "(", "a b", "a>=101", "a>=-1", "a\x00", "x" * 5_000, "a" + " and a" * 200])
)
priorities = st.sampled_from([0, 1, -1, limits.PRIORITY_MAX, -limits.PRIORITY_MAX, limits.PRIORITY_MAX + 1, -(2**31)])
durations = st.builds(
    Duration,
    seconds=st.sampled_from([0, 1, -1, 3_600, 10**9, -(10**9), 10**12 + 1, 2**62]),
    nanos=st.sampled_from([0, 1, 1_000_000, 999_000_000, -1_000_000, 1_000_000_000]),
)
attributes = st.dictionaries(
    st.sampled_from(["", "a", "b", "bb", "ü", "z" * 130]), st.sampled_from(["", "1", "é", "v" * 200, "w" * 9_000])
)
numbers = st.sampled_from([0, 1, 127, 128, 2**31, 2**63 - 1, 2**63, 2**64 - 1])
preferences = st.fixed_dictionaries(
    {}, optional={"agent_ids": st.lists(ids, max_size=18), "hold": durations, "only_these": st.booleans()}
)
contact = {"request_id": ids, "contact_id": ids}
requests = {
    "enqueue_contact": contact
    | {
        "queue_id": ids, "channel": ids, "requirement": requirements, "priority": priorities, "credit": durations,
        "customer_id": ids, "attributes": attributes, "customer_address": ids, "preference": preferences,
        "consults_contact_id": ids,
    },
    "update_contact": contact
    | {
        "requirement": requirements, "priority": priorities, "credit": durations, "held": st.booleans(),
        "attributes": st.builds(lambda values: {"values": values}, attributes), "preference": preferences,
    },
    "cancel_contact": contact | {"reason": st.integers(0, 3)},
    "accept_offer": contact | {"agent_id": ids, "offer_id": numbers},
    "decline_offer": contact | {"agent_id": ids, "offer_id": numbers, "outcome": st.integers(0, 8)},
    "complete_contact": contact | {"agent_id": ids, "wrap_up": durations, "not_reached": st.booleans()},
    "finish_wrap_up": {"request_id": ids, "agent_id": ids, "contact_id": ids},
    "set_presence": {
        "request_id": ids, "agent_id": ids, "presence": st.integers(0, 4), "reason": texts, "lease": durations
    },
    "heartbeat": {"request_id": ids, "agent_ids": st.lists(ids, max_size=5)},
    "pick_contact": contact | {"agent_id": ids, "requested_by": ids},
    "remove_agents": {"request_id": ids, "agent_ids": st.lists(ids, max_size=3)},
    "tick": {"request_id": ids},
}  # fmt: skip
messages = st.sampled_from(sorted(requests)).flatmap(
    lambda name: st.fixed_dictionaries({}, optional=requests[name]).map(lambda fields: (name, fields))
)


def message_of(named: tuple[str, dict[str, Any]]) -> CommandMessage:
    name, fields = named
    message = CommandMessage(**{name: {key: value for key, value in fields.items() if key != "agent_ids"}})
    if "agent_ids" in fields:
        getattr(message, name).agent_ids.extend(fields["agent_ids"])
    return message


def plainly(content: bytes) -> Command | None:
    """The command as the plain codec has it; None if it is refused."""
    try:
        return batch_command_of(CommandMessage.FromString(content))
    except (DecodeError, Refused):
        return None


def same(left: Command | None, right: Command | None) -> bool:
    if left is None or right is None:
        return left is right
    plain = (getattr(left, "plain", None), getattr(right, "plain", None))
    words = (left.content_word(), right.content_word())
    return left == right and plain[0] == plain[1] and words[0] == words[1] and left.request_id == right.request_id


def check_message(named: tuple[str, dict[str, Any]]) -> None:
    content = message_of(named).SerializeToString()
    read = READER.command(content)
    assert read is None or same(read, plainly(content))


def check_changed(named: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    """Cut short, bytes changed or doubled, a part put twice or elsewhere, others' fields between."""
    content = bytearray(message_of(named).SerializeToString())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 12)))
        match data.draw(st.integers(0, 5)):
            case 0:
                del content[start:]
            case 1:
                content[start:start] = data.draw(st.binary(max_size=4))
            case 2:
                content[start:start] = content[start:end]
            case 3:
                del content[start:end]
            case 4 if start < len(content):
                content[start] = data.draw(st.integers(0, 255))
            case _:
                content += content[start:end]
    read = READER.command(bytes(content))
    assert read is None or same(read, plainly(bytes(content)))


def field(number: int, wire_type: int, content: bytes) -> bytes:
    tag = number << 3 | wire_type
    head = bytes([tag]) if tag < 0x80 else bytes([tag & 0x7F | 0x80, tag >> 7])
    return head + (bytes([len(content)]) + content if wire_type == 2 else content)


parts = st.lists(
    st.builds(
        field,
        st.sampled_from([*range(1, 11), 30, 31]),
        st.sampled_from([0, 2, 2, 2]),
        st.sampled_from([b"\x01", b"a", b"\x7f", b"\x08\x05", b"\x0a\x01k\x12\x01v", b"\x12\x01v\x0a\x01k"]),
    ),
    max_size=8,
)


def check_fields(number: int, found: list[bytes]) -> None:
    request = b"".join(found)
    content = field(number, 2, request)
    read = READER.command(content)
    assert read is None or same(read, plainly(content))
    read = READER.request(number, request)
    assert read is None or same(read, plainly(content))


@given(st.integers(1, 9), parts)
@example(1, [field(3, 2, b"q"), field(3, 2, b"r")])
@example(4, [field(3, 2, b"a"), field(2, 2, b"c"), field(4, 0, b"\x80\x80\x00")])
@example(4, [field(3, 2, b"a"), field(2, 2, b"c"), field(4, 0, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")])
@example(3, [field(2, 2, b"c\xff")])
@example(3, [field(2, 2, b"c"), field(3, 0, b"\x82\x80\x80\x80\x10")])
@example(1, [field(3, 2, b"q"), field(7, 2, b"\x08\x01"), field(7, 2, b"\x10\x80\x89\x7a")])
@settings(max_examples=200, deadline=None)
def test_fields_in_any_order_and_number(number: int, found: list[bytes]) -> None:
    check_fields(number, found)


@given(messages)
@settings(max_examples=200, deadline=None)
def test_a_command_that_is_read_is_what_the_plain_codec_reads(named: tuple[str, dict[str, Any]]) -> None:
    check_message(named)


@given(messages, st.data())
@settings(max_examples=200, deadline=None)
def test_bytes_that_no_client_of_ours_would_send(named: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    check_changed(named, data)


@pytest.mark.slow
@given(messages, messages, st.data(), st.integers(1, 9), parts)
@settings(max_examples=20_000, deadline=None)
def test_many_more_of_all_of_them(
    named: tuple[str, dict[str, Any]],
    other: tuple[str, dict[str, Any]],
    data: st.DataObject,
    number: int,
    found: list[bytes],
) -> None:
    check_message(named)
    check_changed(other, data)
    check_fields(number, found)


USUAL = [
    ("enqueue_contact", {"contact_id": "c", "queue_id": "q", "channel": "chat", "requirement": "spanish>=60"}),
    ("enqueue_contact", {"queue_id": "q", "priority": -3, "credit": codec.duration_of_ms(-2_000), "customer_id": "k"}),
    ("enqueue_contact", {"queue_id": "käufe", "attributes": {"b": "1", "a": "ü"}, "request_id": "r"}),
    ("enqueue_contact", {"queue_id": "q", "preference": {"agent_ids": ["a", "b"], "hold": codec.duration_of_ms(5)}}),
    ("update_contact", {"contact_id": "c", "priority": 0, "held": False, "requirement": ""}),
    ("update_contact", {"contact_id": "c", "credit": codec.duration_of_ms(5), "attributes": {"values": {"a": "1"}}}),
    ("update_contact", {"contact_id": "c", "preference": {"agent_ids": ["a"]}, "attributes": {}}),
    ("cancel_contact", {"contact_id": "c", "reason": 2}),
    ("accept_offer", {"contact_id": "c", "agent_id": "a", "offer_id": 2**63 - 1}),
    ("decline_offer", {"contact_id": "c", "agent_id": "a", "offer_id": 7, "outcome": 2}),
    ("complete_contact", {"contact_id": "c", "agent_id": "a", "wrap_up": codec.duration_of_ms(0)}),
    ("finish_wrap_up", {"agent_id": "a", "contact_id": "c"}),
    ("set_presence", {"agent_id": "a", "presence": 3, "reason": "lunch", "lease": codec.duration_of_ms(30_000)}),
    ("heartbeat", {"agent_ids": ["a", "b"]}),
]


@pytest.mark.parametrize(("name", "fields"), USUAL)
def test_usual_commands_are_read(name: str, fields: dict[str, Any]) -> None:
    content = message_of((name, fields)).SerializeToString()
    read = READER.command(content)
    assert read is not None
    assert same(read, plainly(content))


def test_a_command_that_is_still_held_is_not_written_over() -> None:
    contents = [
        CommandMessage(accept_offer={"contact_id": name, "agent_id": "a", "offer_id": 1}).SerializeToString()
        for name in ("c1", "c2", "c3")
    ]
    held = [READER.command(content) for content in contents]
    assert held == [AcceptOffer(name, "a", 1) for name in ("c1", "c2", "c3")]


def test_a_table_of_texts_keeps_the_newer_of_two_that_share_a_place() -> None:
    table = Texts(1, lambda text: None if text != "no" else 1 // 0)
    assert [table.get(content) for content in (b"a", b"b", b"a", b"no", b"\xff", b"")] == [
        "a",
        "b",
        "a",
        None,
        None,
        "",
    ]


names = st.sampled_from(["", "a", "c-1", "käufer", "x" * 128, "x" * 300])
whole = st.sampled_from([0, 1, 127, 128, 2**31, 2**62, -1])
small = st.sampled_from([0, 1, 2, 100, 200, -1, -5])
signed = st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31) + 1])
nanoseconds = st.sampled_from([0, 1, 999_999_999, 10**9, 1_700_000_000_123_456_789, limits.AT_NS_MAX, -1])
EVENT_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "contact_id": names, "agent_id": names, "queue_id": names, "channel_id": names, "customer_id": names,
    "text": names, "cause": small, "tier": small, "strategy": small, "chosen_by": small, "presence": small,
    "step": small, "offer_id": whole, "ordinal": whole, "priority": signed, "credit_ms": signed, "score": whole,
    "wait_ns": nanoseconds, "until_ns": nanoseconds, "duration_ns": nanoseconds, "policy_version": whole,
    "position": whole,
}  # fmt: skip
READ = {
    EventType.CONTACT_ENQUEUED, EventType.OFFER_MADE, EventType.OFFER_ACCEPTED, EventType.CONTACT_ASSIGNED,
    EventType.OFFER_ENDED, EventType.CONTACT_COMPLETED, EventType.CONTACT_CLOSED, EventType.PRESENCE_CHANGED,
}  # fmt: skip
WRITTEN = set(EventType) - {
    EventType.POLICY_APPLIED, EventType.AGENT_ADDED, EventType.AGENT_UPDATED, EventType.AGENT_REMOVED,
    EventType.RESUMED, EventType.TREATMENT_STARTED, EventType.CALLBACK_OFFERED, EventType.WAIT_ENDED,
    EventType.QUEUE_OPENED, EventType.QUEUE_CLOSED, EventType.SEGMENT_OPENED, EventType.CALLBACK_SET,
    EventType.CALLBACK_DUE, EventType.CONSULTATION_OPENED, EventType.CUSTOMER_FORGOTTEN,
}  # fmt: skip


def check_read_back(event: Event, data: st.DataObject) -> None:
    """What the compiled reader reads of an event's bytes, also of changed ones, is what the plain codec reads."""
    try:
        content = bytearray(codec.event_message(event).SerializeToString())
    except ValueError:
        return  # a value that no message can hold
    for _ in range(3):
        read = EVENT_READER.event(bytes(content))
        if read is not None:
            assert read == codec.event_of(EventMessage.FromString(bytes(content)))
        start = data.draw(st.integers(0, len(content) - 1)) if content else 0
        match data.draw(st.integers(0, 3)):
            case 0:
                del content[start:]
            case 1:
                content[start:start] = data.draw(st.binary(max_size=4))
            case 2:
                content[start : start + 1] = bytes([data.draw(st.integers(0, 255))])
            case _:
                content += codec.asked_by_field(data.draw(names)[:100])


@pytest.mark.parametrize("kind", list(EventType), ids=lambda kind: kind.name)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_an_event_is_written_as_protobuf_writes_it(kind: EventType, data: st.DataObject) -> None:
    values = data.draw(st.fixed_dictionaries({}, optional={name: EVENT_VALUES[name] for name in EVENT_FIELDS[kind]}))
    if kind in (EventType.CONTACT_ENQUEUED, EventType.CONTACT_UPDATED):
        values["attributes"] = packed_attributes(data.draw(attributes))
    event = Event(kind, data.draw(whole), data.draw(whole), data.draw(nanoseconds), **values)
    check_read_back(event, data)
    written = WRITER.event(event)
    if written is not None:
        message = codec.event_message(event)
        assert EventMessage.FromString(written) == message
        if kind not in (EventType.CONTACT_ENQUEUED, EventType.CONTACT_UPDATED) or not event.attributes:
            # Where protobuf puts a key that begins another is its own affair.
            assert written == message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("kind", sorted(WRITTEN), ids=lambda kind: kind.name)
def test_usual_events_are_written(kind: EventType) -> None:
    values: dict[str, Any] = {name: "x" if name.endswith("_id") or name == "text" else 3 for name in EVENT_FIELDS[kind]}
    values.pop("offer_id", None)
    event = Event(kind, 1, 2, 3, **values)
    written = codec.event_message(event).SerializeToString(deterministic=True)
    assert WRITER.event(event) == written
    if kind in READ:
        assert EVENT_READER.event(written + codec.asked_by_field("pbx")) == codec.event_of(codec.event_message(event))


def test_attributes_that_the_codec_did_not_pack_are_left_to_it() -> None:
    twice = packed_attributes({"a": "1"}) * 2
    for packed in (b"\xff", b"\x0a\x00", twice, packed_attributes({"b": "1"}) + packed_attributes({"a": "1"})):
        assert WRITER.event(Event(EventType.CONTACT_ENQUEUED, 1, 1, 1, attributes=packed)) is None
    kept = READER.command(
        CommandMessage(enqueue_contact={"queue_id": "q", "attributes": {"a": "1"}}).SerializeToString()
    )
    assert isinstance(kept, EnqueueContact)
    assert kept.attributes == packed_attributes({"a": "1"})
