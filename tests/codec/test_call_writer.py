"""What is written of a call by compiled code is what protobuf and the plain codec write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.v1 import command_pb2, journal_pb2
from acd_core.commands import AcceptOffer, ApplyPolicy, CancelContact, EnqueueContact, SetPresence, Tick
from acd_core.enums import Presence
from acd_core.events import Answer
from acd_core.policy import Policy
from acd_service import codec
from acd_service.codec.call_writer import CallWriter
from acd_service.codec.wire_reader import CommandReader

WRITER = CallWriter()
ids = st.sampled_from(["", "c-1", "acd:17", "käufer", "名" * 40, "x" * 128])
times_ns = st.sampled_from([1, 999_999_999, 10**9, 1_700_000_000_000_000_007, 2**62])
answers = st.builds(
    Answer,
    seq=st.sampled_from([1, 127, 128, 2**40]),
    at_ns=times_ns,
    duplicate=st.booleans(),
    contact_id=ids,
    contact_state=st.integers(1, 6),
    agent_id=ids,
    offer_id=st.sampled_from([0, 1, 2**33]),
    offer_expires_ns=times_ns | st.just(0),
)


@given(answers, st.sampled_from([EnqueueContact("", "q"), AcceptOffer("c", "a", 1), CancelContact("c")]))
def test_responses_about_a_contact(answer, command):
    written = WRITER.response(command, answer)
    assert written is not None
    assert written == codec.response_of(command, answer).SerializeToString(deterministic=True)


@given(st.builds(Answer, seq=st.sampled_from([1, 2**40]), at_ns=times_ns, duplicate=st.booleans()))
def test_responses_about_an_agent(answer):
    command = SetPresence("a", Presence.READY)
    assert WRITER.response(command, answer) == codec.response_of(command, answer).SerializeToString(deterministic=True)


@pytest.mark.parametrize("contact_id", ["x" * 32, "x" * 33, "x" * 5000, "käufer", "käufer" * 400])
def test_ids_of_any_length(contact_id):
    answer = Answer(1, 1, contact_id=contact_id, agent_id="y" * 3000)
    command = AcceptOffer("c", "a", 1)
    assert WRITER.response(command, answer) == codec.response_of(command, answer).SerializeToString(deterministic=True)


def test_what_is_unusual_is_left_to_the_plain_codec():
    assert WRITER.response(ApplyPolicy(Policy()), Answer(1, 1, policy_version=2)) is None


@pytest.mark.parametrize("asked_by", ["", "pbx-1"])
@given(
    seq=st.sampled_from([1, 300, 2**40]),
    at_ns=times_ns,
    command=st.builds(
        EnqueueContact,
        st.sampled_from(["", "c", "käufer"]),
        st.just("sales"),
        priority=st.integers(-5, 5),
        attributes=st.sampled_from([b"", codec.values.packed_attributes({"caller": "+49 30", "ü": ""})]),
        request_id=st.sampled_from(["", "r" * 128]),
    ),
)
def test_a_record_holds_the_request_as_it_came(asked_by, seq, at_ns, command):
    message = command_pb2.Command.FromString(codec.encode_command(command))
    number = command_pb2.Command.ENQUEUE_CONTACT_FIELD_NUMBER
    request = message.enqueue_contact.SerializeToString(deterministic=True)
    assert CommandReader().request(number, request) == command
    record = WRITER.record(seq, at_ns, number, request, codec.asked_by_field(asked_by))
    assert codec.decode_record(record) == (seq, at_ns, command)
    read = journal_pb2.CommandRecord.FromString(record)
    assert read.asked_by == asked_by
    assert read.SerializeToString(deterministic=True) == record


@given(st.sampled_from([1, 2**40]), times_ns)
def test_a_tick_has_no_content(seq, at_ns):
    assert WRITER.record(seq, at_ns, codec.TICK_FIELD, b"", b"") == codec.encode_record(seq, at_ns, Tick())
