"""What goes into bytes comes out of them equal: commands, events, policies, agents."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd_core import commands, enums, limits
from acd_core.command_checks import GENERATED_ID_PREFIX
from acd_core.events import EVENT_FIELDS, Event
from acd_core.opening_hours import Calendar, CalendarException, OpeningHours
from acd_core.plan import EndWait, Overflow, Plan, PlanStep, StepCondition
from acd_core.policy import (
    CallbackPolicy,
    Channel,
    OfferOutcomes,
    OutcomePolicy,
    Policy,
    PreferencePolicy,
    QueueSpec,
    SkillWeight,
)
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
weights = st.dictionaries(names, st.integers(0, limits.SKILL_WEIGHT_MAX), max_size=3).map(
    lambda d: tuple(map(SkillWeight._make, d.items()))
)
ends = st.builds(EndWait, st.sampled_from(enums.EndKind), texts)
queues = st.builds(
    QueueSpec,
    queue_id=names,
    requirement=requirements,
    membership=st.sampled_from(enums.Membership),
    strategy=st.sampled_from(sorted(enums.Strategy)),
    service_level_target_ms=spans_ms,
    offer_timeout_ms=spans_ms,
    auto_accept=st.just(False),
    wrap_up_ms=spans_or_none_ms,
    credit_ms=credits_ms,
    rate=st.integers(0, limits.RATE_MAX),
    max_tier=st.none() | st.integers(0, limits.TIER_MAX),
    max_waiting=st.none() | st.integers(0, limits.WAITING_CONTACTS_MAX),
    skill_weights=weights,
    broadcast_to=st.integers(limits.BROADCAST_MIN, limits.BROADCAST_MAX),
    preferred_hold_ms=st.none() | spans_or_none_ms,
    at_closing=st.sampled_from(enums.ClosingRule),
    overflow=st.none() | st.builds(Overflow, end=ends),
)
outcomes = st.builds(OutcomePolicy, spans_or_none_ms, spans_or_none_ms, st.integers(0, limits.AWAY_AFTER_MAX))
minutes = st.tuples(st.integers(0, 1_439), st.integers(1, 1_440)).filter(lambda pair: pair[0] < pair[1])
calendars = st.builds(
    Calendar,
    names,
    names,
    st.lists(
        st.builds(
            lambda days, pair: OpeningHours(tuple(days), *pair),
            st.lists(st.integers(1, 7), min_size=1, max_size=7),
            minutes,
        ),
        max_size=3,
    ).map(tuple),
    st.lists(
        st.builds(
            lambda day, name, pair: CalendarException(day.isoformat(), name, *pair),
            st.dates(),
            texts,
            st.just((None, None)) | minutes,
        ),
        max_size=3,
    ).map(tuple),
)
conditions = st.none() | st.builds(
    StepCondition,
    st.none() | st.integers(0, limits.WAITING_CONTACTS_MAX),
    st.none() | spans_ms,
    st.booleans(),
)
step_fields: dict[enums.StepAction, dict[str, Any]] = {
    enums.StepAction.SET_REQUIREMENT: {"requirement": requirements},
    enums.StepAction.LOWER_LEVEL: {"skill": names, "level": st.integers(0, 100)},
    enums.StepAction.DROP_SKILL: {"skill": names},
    enums.StepAction.RAISE_MAX_TIER: {"tier": st.integers(0, limits.TIER_MAX)},
    enums.StepAction.ADD_CREDIT: {"credit_ms": credits_ms},
    enums.StepAction.SET_PRIORITY: {"priority": priorities},
    enums.StepAction.MOVE_TO_QUEUE: {"queue_id": names, "restart_wait": st.booleans()},
    enums.StepAction.ADD_QUEUE: {"queue_id": names},
    enums.StepAction.START_TREATMENT: {"treatment": st.sampled_from(enums.TreatmentKind), "name": texts},
    enums.StepAction.OFFER_CALLBACK: {"name": texts},
    enums.StepAction.END_WAIT: {"end": ends},
}
steps = st.sampled_from(enums.StepAction).flatmap(
    lambda action: st.builds(PlanStep, spans_or_none_ms, st.just(action), condition=conditions, **step_fields[action])
)
plans = st.builds(
    Plan, names, st.lists(steps, max_size=4).map(lambda found: tuple(sorted(found, key=lambda step: step.after_ms)))
)


@st.composite
def joined_policies(draw: st.DrawFn) -> Policy:
    """Policies whose queues, plans and calendars name each other."""
    found_plans: list[Plan] = draw(st.lists(plans, max_size=2, unique_by=lambda plan: plan.plan_id))
    found_calendars: list[Calendar] = draw(
        st.lists(calendars, max_size=2, unique_by=lambda calendar: calendar.calendar_id)
    )
    named = {step.queue_id for plan in found_plans for step in plan.steps if step.queue_id}
    made = draw(st.lists(queues, max_size=4, unique_by=lambda queue: queue.queue_id))
    made += [QueueSpec(queue_id) for queue_id in sorted(named - {queue.queue_id for queue in made})]
    for index, queue in enumerate(made):
        changes: dict[str, Any] = {}
        if found_plans and draw(st.booleans()):
            changes["plan_id"] = found_plans[0].plan_id
        if found_calendars and draw(st.booleans()):
            changes["calendar_id"] = found_calendars[0].calendar_id
        if index and draw(st.booleans()):
            changes["overflow"] = Overflow(made[0].queue_id)
        if queue.strategy is not enums.Strategy.BROADCAST:
            changes["auto_accept"] = draw(st.booleans())
        made[index] = replace(queue, **changes)
    policy = draw(policies)
    return replace(policy, queues=tuple(made), plans=tuple(found_plans), calendars=tuple(found_calendars))


policies = st.builds(
    Policy,
    channels=channels,
    preference=st.builds(PreferencePolicy, spans_or_none_ms, st.booleans(), spans_or_none_ms),
    callback=st.builds(CallbackPolicy, st.integers(1, limits.CALLBACK_ATTEMPTS_MAX), spans_ms),
    occupancy_time_constant_ms=st.integers(limits.OCCUPANCY_TIME_CONSTANT_MS_MIN, limits.DURATION_MS_MAX),
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
    st.integers(1, limits.WEIGHT_MAX),
)
agent_ids = st.lists(names, min_size=1, max_size=4, unique=True).map(tuple)
request = {"request_id": texts}
contact_ids = names.filter(lambda name: not name.startswith(GENERATED_ID_PREFIX))

times = st.just(0) | st.integers(1, limits.AT_NS_MAX)
windows = st.tuples(times, times).filter(lambda pair: not pair[1] or pair[0] < pair[1])
callbacks = st.builds(
    lambda address, window, attempts: {
        "callback_address": address,
        "window_start_ns": window[0],
        "window_end_ns": window[1],
        "attempts_max": attempts,
    },
    names,
    windows,
    st.integers(0, limits.CALLBACK_ATTEMPTS_MAX),
)
preferences = st.fixed_dictionaries(
    {
        "preferred_agents": agent_ids,
        "preferred_hold_ms": st.just(-1) | spans_or_none_ms,
        "only_preferred": st.booleans(),
    }
) | st.fixed_dictionaries({"preferred_agents": st.just(()), "preferred_hold_ms": st.just(-1) | spans_or_none_ms})

commands_of_each_kind = {
    enums.CommandKind.TICK: st.builds(commands.Tick, **request),
    enums.CommandKind.RESUME: st.builds(commands.Resume, **request),
    enums.CommandKind.APPLY_POLICY: st.builds(
        commands.ApplyPolicy, joined_policies(), st.integers(-1, 2**63 - 1), **request
    ),
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
    )
    | st.builds(
        lambda preference, callback, **rest: commands.EnqueueContact("", "q", **preference, **callback, **rest),
        preference=preferences,
        callback=st.just({}) | callbacks,
        consults_contact_id=texts,
        skill_weights=weights,
        attached=st.booleans(),
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
    )
    | st.builds(
        lambda preference, **rest: commands.UpdateContact("c", **preference, **rest), preference=preferences, **request
    ),
    enums.CommandKind.CANCEL_CONTACT: st.builds(commands.CancelContact, names, st.booleans(), **request),
    enums.CommandKind.ACCEPT_OFFER: st.builds(commands.AcceptOffer, names, names, offer_ids, **request),
    enums.CommandKind.DECLINE_OFFER: st.builds(
        commands.DeclineOffer, names, names, offer_ids, st.integers(1, 4), **request
    ),
    enums.CommandKind.COMPLETE_CONTACT: st.builds(
        commands.CompleteContact,
        names,
        texts,
        st.just(-1) | spans_or_none_ms,
        not_reached=st.booleans(),
        **request,
    ),
    enums.CommandKind.FINISH_WRAP_UP: st.builds(commands.FinishWrapUp, names, texts, **request),
    enums.CommandKind.DETACH_CONTACT: st.builds(commands.DetachContact, names, **request),
    enums.CommandKind.ATTACH_CONTACT: st.builds(commands.AttachContact, names, **request),
    enums.CommandKind.TRANSFER_CONTACT: st.one_of(
        st.builds(
            commands.TransferContact,
            names,
            names,
            queue_id=names,
            requirement=st.none() | requirements,
            priority=st.none() | priorities,
            restart_wait=st.booleans(),
            **request,
        ),
        st.builds(commands.TransferContact, st.just("c"), st.just("-"), to_agent_id=names.filter(lambda n: n != "-")),
        st.builds(commands.TransferContact, names, names, consultation_contact_id=names, **request),
    ),
    enums.CommandKind.PICK_CONTACT: st.builds(commands.PickContact, names, names, texts, **request),
    enums.CommandKind.REQUEST_CALLBACK: st.builds(
        lambda callback, **rest: commands.RequestCallback("c", **callback, **rest), callback=callbacks, **request
    ),
    enums.CommandKind.OPEN_QUEUE: st.builds(commands.OpenQueue, names, **request),
    enums.CommandKind.CLOSE_QUEUE: st.builds(commands.CloseQueue, names, **request),
    enums.CommandKind.SET_CONTACT_ASIDE: st.builds(commands.SetContactAside, names, **request),
    enums.CommandKind.SET_AGENT_ASIDE: st.builds(commands.SetAgentAside, names, **request),
    enums.CommandKind.FORGET_CUSTOMER: st.builds(
        commands.ForgetCustomer, names, st.lists(names, max_size=3, unique=True).map(tuple), **request
    ),
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
    "step": st.integers(0, limits.PLAN_STEPS_MAX),
    "position": st.integers(0, 2**62),
}
causes = {
    enums.EventType.PRESENCE_CHANGED: st.sampled_from(enums.PresenceCause),
    enums.EventType.OFFER_ENDED: st.sampled_from(enums.OfferOutcome),
    enums.EventType.CONTACT_CLOSED: st.sampled_from(enums.EndCause),
    enums.EventType.OFFER_MADE: st.sampled_from(enums.MatchCause),
    enums.EventType.CONTACT_ASSIGNED: st.sampled_from(enums.MatchCause),
    enums.EventType.PLAN_STEP_TAKEN: st.sampled_from(enums.StepAction),
    enums.EventType.CONTACT_MOVED: st.sampled_from(enums.MoveCause),
    enums.EventType.TREATMENT_STARTED: st.sampled_from(enums.TreatmentKind),
    enums.EventType.WAIT_ENDED: st.sampled_from(enums.EndKind),
    enums.EventType.RESERVATION_ENDED: st.sampled_from(enums.ReservationEnd),
    enums.EventType.SEGMENT_OPENED: st.sampled_from(enums.SegmentCause),
}
unlike_elsewhere = {
    (enums.EventType.CONTACT_UPDATED, "tier"): st.integers(-1, limits.TIER_MAX),
    (enums.EventType.PLAN_STEP_TAKEN, "tier"): st.integers(-1, limits.TIER_MAX),
    (enums.EventType.TREATMENT_STARTED, "wait_ns"): st.just(-1) | nanoseconds,
    (enums.EventType.CALLBACK_OFFERED, "wait_ns"): st.just(-1) | nanoseconds,
    (enums.EventType.CALLBACK_SET, "ordinal"): st.integers(0, limits.CALLBACK_ATTEMPTS_MAX),
}
"""Fields whose values are others than in most events."""


@pytest.mark.parametrize("kind", list(enums.EventType), ids=lambda kind: kind.name)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_events_come_back_equal(kind: enums.EventType, data: st.DataObject) -> None:
    values = {
        name: data.draw(causes[kind] if name == "cause" else unlike_elsewhere.get((kind, name), event_values[name]))
        for name in EVENT_FIELDS[kind]
    }
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


@given(joined_policies())
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
