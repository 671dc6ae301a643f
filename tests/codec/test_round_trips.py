"""What goes into bytes comes out of them equal: commands, events, policies, agents."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd_core import commands, enums, limits
from acd_core.events import EVENT_FIELDS, Event
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_service import codec
from acd_service.codec.values import packed_attributes, unpacked_attributes

names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
texts = st.one_of(st.just(""), names)
spans_ms = st.integers(1, limits.DURATION_MS_MAX)
spans_or_none_ms = st.integers(0, limits.DURATION_MS_MAX)
credits_ms = st.integers(-limits.CREDIT_MS_MAX, limits.CREDIT_MS_MAX)
priorities = st.integers(-limits.PRIORITY_MAX, limits.PRIORITY_MAX)
offer_ids = st.integers(1, 2**63 - 1)
requirements = st.sampled_from(["", "spanish", "spanish>=60 and not trainee", '"a b"<5 or ñ!=3'])
attributes = st.dictionaries(st.text(max_size=5), st.text(max_size=200), max_size=4).map(packed_attributes)
counters = st.integers(1, 2**62)

channels = st.lists(names, min_size=1, max_size=4, unique=True).flatmap(
    lambda ids: st.tuples(
        *(
            st.builds(
                Channel,
                st.just(one),
                st.integers(1, limits.CHANNEL_COST_MAX),
                st.lists(st.sampled_from(ids), unique=True).map(lambda found, one=one: tuple(set(found) - {one})),
            )
            for one in ids
        )
    )
)
queues = st.builds(
    QueueSpec,
    queue_id=names,
    requirement=requirements,
    membership=st.sampled_from(enums.Membership),
    strategy=st.sampled_from(sorted(enums.STRATEGIES_BUILT)),
    service_level_target_ms=spans_ms,
    offer_timeout_ms=spans_ms,
    auto_accept=st.booleans(),
    wrap_up_ms=spans_or_none_ms,
    credit_ms=credits_ms,
    rate=st.integers(0, limits.RATE_MAX),
    max_tier=st.none() | st.integers(0, limits.TIER_MAX),
    max_waiting=st.none() | st.integers(0, limits.WAITING_CONTACTS_MAX),
)
outcomes = st.builds(OutcomePolicy, spans_or_none_ms, spans_or_none_ms, st.integers(0, limits.AWAY_AFTER_MAX))
policies = st.builds(
    Policy,
    channels=channels,
    queues=st.lists(queues, max_size=4, unique_by=lambda queue: queue.queue_id).map(tuple),
    tier_first=st.booleans(),
    short_abandon_ms=spans_or_none_ms,
    presence_lease_ms=spans_or_none_ms,
    reattach_ms=spans_ms,
    max_waiting=st.none() | st.integers(0, limits.WAITING_CONTACTS_MAX),
    offer_outcomes=st.builds(OfferOutcomes, outcomes, outcomes, outcomes, outcomes),
)
agents = st.builds(
    AgentSpec,
    names,
    st.dictionaries(names, st.integers(1, 100), max_size=4).map(lambda d: tuple(map(SkillLevel._make, d.items()))),
    st.integers(1, limits.CAPACITY_MAX),
    st.dictionaries(names, st.integers(0, limits.CHANNEL_COUNT_MAX), max_size=3).map(
        lambda d: tuple(map(ChannelMaximum._make, d.items()))
    ),
    st.dictionaries(
        names, st.tuples(st.integers(0, limits.TIER_MAX), st.integers(0, limits.POSITION_MAX)), max_size=3
    ).map(lambda d: tuple(QueueMembership(queue, *place) for queue, place in d.items())),
    texts,
)
agent_ids = st.lists(names, min_size=1, max_size=4, unique=True).map(tuple)
request = {"request_id": texts}
contact_ids = names.filter(lambda name: not name.startswith(commands.GENERATED_ID_PREFIX))

commands_of_each_kind = {
    enums.CommandKind.TICK: st.builds(commands.Tick, **request),
    enums.CommandKind.RESUME: st.builds(commands.Resume, **request),
    enums.CommandKind.APPLY_POLICY: st.builds(commands.ApplyPolicy, policies, st.integers(-1, 2**63 - 1), **request),
    enums.CommandKind.UPSERT_AGENTS: st.builds(
        commands.UpsertAgents,
        st.lists(agents, min_size=1, max_size=3, unique_by=lambda agent: agent.agent_id).map(tuple),
        **request,
    ),
    enums.CommandKind.REMOVE_AGENTS: st.builds(commands.RemoveAgents, agent_ids, **request),
    enums.CommandKind.SET_PRESENCE: st.one_of(
        st.builds(commands.SetPresence, names, st.sampled_from([1, 2]), lease_ms=spans_or_none_ms, **request),
        st.builds(commands.SetPresence, names, st.just(3), texts, spans_or_none_ms, **request),
    ),
    enums.CommandKind.HEARTBEAT: st.builds(commands.Heartbeat, agent_ids, **request),
    enums.CommandKind.ENQUEUE_CONTACT: st.builds(
        commands.EnqueueContact,
        st.just("") | contact_ids,
        names,
        names,
        requirements,
        priorities,
        credits_ms,
        texts,
        attributes,
        st.booleans(),
        **request,
    ),
    enums.CommandKind.UPDATE_CONTACT: st.builds(
        commands.UpdateContact,
        names,
        requirement=st.none() | requirements,
        priority=st.none() | priorities,
        credit_ms=st.none() | credits_ms,
        attributes=st.none() | attributes,
        held=st.booleans(),
        **request,
    ),
    enums.CommandKind.CANCEL_CONTACT: st.builds(commands.CancelContact, names, st.booleans(), **request),
    enums.CommandKind.ACCEPT_OFFER: st.builds(commands.AcceptOffer, names, names, offer_ids, **request),
    enums.CommandKind.DECLINE_OFFER: st.builds(
        commands.DeclineOffer, names, names, offer_ids, st.integers(1, 4), **request
    ),
    enums.CommandKind.COMPLETE_CONTACT: st.builds(
        commands.CompleteContact, names, texts, st.just(-1) | spans_or_none_ms, **request
    ),
    enums.CommandKind.FINISH_WRAP_UP: st.builds(commands.FinishWrapUp, names, texts, **request),
    enums.CommandKind.DETACH_CONTACT: st.builds(commands.DetachContact, names, **request),
    enums.CommandKind.ATTACH_CONTACT: st.builds(commands.AttachContact, names, **request),
}


def test_every_kind_of_command_is_tried() -> None:
    assert set(commands_of_each_kind) == set(enums.CommandKind)


@pytest.mark.parametrize("kind", list(enums.CommandKind), ids=lambda kind: kind.name)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_commands_come_back_equal(kind: enums.CommandKind, data: st.DataObject) -> None:
    command = data.draw(commands_of_each_kind[kind])
    back = codec.decode_command(codec.encode_command(command))
    assert back == command
    assert back.request_id == command.request_id
    assert back.content_word() == command.content_word()
    at_ns = data.draw(st.integers(1, limits.AT_NS_MAX))
    assert codec.decode_record(codec.encode_record(7, at_ns, command)) == (7, at_ns, command)


nanoseconds = st.integers(0, limits.AT_NS_MAX)
event_values = {
    "policy_version": counters,
    "agent_id": names,
    "ordinal": st.integers(0, 2**62),
    "presence": st.sampled_from(enums.Presence),
    "text": texts,
    "until_ns": nanoseconds,
    "contact_id": names,
    "queue_id": names,
    "channel_id": names,
    "priority": priorities,
    "credit_ms": credits_ms,
    "customer_id": texts,
    "offer_id": counters,
    "tier": st.integers(0, limits.TIER_MAX),
    "score": st.integers(-(2**63), 2**63 - 1),
    "wait_ns": nanoseconds,
    "strategy": st.sampled_from(enums.Strategy),
    "chosen_by": st.sampled_from(enums.ChosenBy),
    "duration_ns": nanoseconds,
}
causes = {
    enums.EventType.PRESENCE_CHANGED: st.sampled_from(enums.PresenceCause),
    enums.EventType.OFFER_ENDED: st.sampled_from(enums.OfferOutcome),
    enums.EventType.CONTACT_CLOSED: st.sampled_from(enums.EndCause),
}


@pytest.mark.parametrize("kind", list(enums.EventType), ids=lambda kind: kind.name)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_events_come_back_equal(kind: enums.EventType, data: st.DataObject) -> None:
    values = {name: data.draw(causes[kind] if name == "cause" else event_values[name]) for name in EVENT_FIELDS[kind]}
    if kind is enums.EventType.CONTACT_ASSIGNED:
        values["until_ns"] = 0  # there is no offer that could run out
    if kind in (enums.EventType.CONTACT_ENQUEUED, enums.EventType.CONTACT_UPDATED):
        values["attributes"] = data.draw(attributes)
    if kind in (enums.EventType.AGENT_ADDED, enums.EventType.AGENT_UPDATED):
        values["agent"] = data.draw(agents)
    event = Event(kind, data.draw(counters), data.draw(counters), data.draw(nanoseconds), **values)
    content = codec.encode_event(event)
    assert codec.decode_event(content) == event
    assert codec.event_of(codec.event_message(event)) == event


@given(policies)
@settings(max_examples=60, deadline=None)
def test_policies_come_back_equal(policy: Policy) -> None:
    assert codec.policy_of(codec.policy_message(policy)) == policy


@given(agents)
@settings(max_examples=60, deadline=None)
def test_agents_come_back_equal(agent: AgentSpec) -> None:
    assert codec.agent_spec(codec.agent_spec_message(agent)) == agent


@given(st.dictionaries(st.text(max_size=150), st.text(max_size=300), max_size=6))
def test_attributes_come_back_equal_and_in_one_form(values: dict[str, str]) -> None:
    packed = packed_attributes(values)
    assert dict(unpacked_attributes(packed)) == values
    assert packed_attributes(dict(reversed(values.items()))) == packed


def test_packed_attributes_are_as_recorded() -> None:
    """State digests hang on this form; it never changes."""
    assert packed_attributes({"b": "2", "a": "é"}) == b"\x0a\x07\x0a\x01a\x12\x02\xc3\xa9\x0a\x06\x0a\x01b\x12\x012"
    assert packed_attributes({"a": "x" * 200}) == b"\x0a\xce\x01\x0a\x01a\x12\xc8\x01" + b"x" * 200


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"not a record", b"\x08\x01", b"\xda\x07\x00"])
def test_foreign_bytes_are_no_record(content: bytes) -> None:
    with pytest.raises(codec.BadRecord):
        codec.decode_command(content)
    with pytest.raises(codec.BadRecord):
        codec.decode_event(content)
    with pytest.raises(codec.BadRecord):
        codec.decode_record(content)


def test_foreign_attributes_are_not_written() -> None:
    with pytest.raises(ValueError, match="not the attributes of a contact"):
        codec.encode_command(commands.EnqueueContact("c", "q", attributes=b"\xff"))
