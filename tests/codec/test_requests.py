"""What a caller sends: defaults, bounds, and the field that a refusal names."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from acd.v1 import agent_commands_pb2 as agent
from acd.v1 import command_pb2, customer_pb2, policy_pb2
from acd.v1 import contact_commands_pb2 as contact
from acd.v1 import policy_commands_pb2 as policy
from acd.v1.routing_service_pb2 import RouteContactRequest
from acd_core import commands
from acd_core.policy import OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec
from acd_service import codec


def ms(value: int) -> Duration:
    return codec.duration_of_ms(value)


def queue(**fields: Any) -> policy.ApplyPolicyRequest:
    return policy.ApplyPolicyRequest(
        policy=policy_pb2.Policy(queues=[policy_pb2.Queue(**{"queue_id": "sales", **fields})])
    )


@pytest.mark.parametrize(
    ("request_message", "command"),
    [
        (contact.EnqueueContactRequest(queue_id="q"), commands.EnqueueContact("", "q", "voice")),
        (
            contact.EnqueueContactRequest(queue_id="q", contact_id="c", channel="chat", credit=ms(-1), priority=-3),
            commands.EnqueueContact("c", "q", "chat", "", -3, -1),
        ),
        (contact.UpdateContactRequest(contact_id="c", priority=0), commands.UpdateContact("c", priority=0)),
        (contact.UpdateContactRequest(contact_id="c", attributes={}), commands.UpdateContact("c", attributes=b"")),
        (contact.UpdateContactRequest(contact_id="c", held=False), commands.UpdateContact("c", held=False)),
        (contact.CancelContactRequest(contact_id="c"), commands.CancelContact("c", True)),
        (contact.CancelContactRequest(contact_id="c", reason="REASON_CANCELLED"), commands.CancelContact("c", False)),
        (
            contact.AcceptOfferRequest(contact_id="c", agent_id="a", offer_id=2**63 - 1),
            commands.AcceptOffer("c", "a", 2**63 - 1),
        ),
        (
            contact.DeclineOfferRequest(contact_id="c", agent_id="a", offer_id=1),
            commands.DeclineOffer("c", "a", 1, 1),
        ),
        (
            contact.DeclineOfferRequest(contact_id="c", agent_id="a", offer_id=1, outcome="OFFER_OUTCOME_MISSED"),
            commands.DeclineOffer("c", "a", 1, 4),
        ),
        (contact.CompleteContactRequest(contact_id="c"), commands.CompleteContact("c", "", -1)),
        (contact.CompleteContactRequest(contact_id="c", wrap_up=ms(0)), commands.CompleteContact("c", "", 0)),
        (agent.FinishWrapUpRequest(agent_id="a"), commands.FinishWrapUp("a")),
        (agent.SetPresenceRequest(agent_id="a", presence="PRESENCE_READY"), commands.SetPresence("a", 2)),
        (agent.UpsertAgentsRequest(agents=[{"agent_id": "a"}]), commands.UpsertAgents((AgentSpec("a"),))),
        (policy.ApplyPolicyRequest(policy={}), commands.ApplyPolicy(Policy(), -1)),
        (policy.ApplyPolicyRequest(policy={}, expected_version=0), commands.ApplyPolicy(Policy(), 0)),
        (queue(), commands.ApplyPolicy(Policy(queues=(QueueSpec("sales"),)))),
        (queue(rate=0, max_tier=0), commands.ApplyPolicy(Policy(queues=(QueueSpec("sales", rate=0, max_tier=0),)))),
        (
            policy.ApplyPolicyRequest(policy={"offer_outcomes": {"declined": {"delay": ms(5)}}}),
            commands.ApplyPolicy(
                Policy(offer_outcomes=OfferOutcomes(declined=OutcomePolicy(exclude_ms=60_000, delay_ms=5)))
            ),
        ),
        (
            policy.ApplyPolicyRequest(policy={"offer_outcomes": {"declined": {"exclude": ms(0)}}}),
            commands.ApplyPolicy(Policy(offer_outcomes=OfferOutcomes(declined=OutcomePolicy()))),
        ),
        (
            RouteContactRequest(enqueue={"queue_id": "q"}),
            commands.EnqueueContact("", "q", attached=True),
        ),
        (RouteContactRequest(attach={"contact_id": "c"}), commands.AttachContact("c")),
    ],
)
def test_requests_become_commands(request_message: Message, command: commands.Command) -> None:
    assert codec.command_of(request_message) == command


def test_the_request_id_goes_along() -> None:
    assert codec.command_of(contact.EnqueueContactRequest(queue_id="q", request_id="r1")).request_id == "r1"


ENQUEUE = contact.EnqueueContactRequest
UPSERT = agent.UpsertAgentsRequest


def TRANSFER(**fields: Any) -> contact.TransferContactRequest:
    return contact.TransferContactRequest(contact_id="c", agent_id="a", **fields)


def CALL_BACK(**fields: Any) -> contact.RequestCallbackRequest:
    return contact.RequestCallbackRequest(contact_id="c", callback={"address": "1", **fields})


STEP = 'policy.plans["p"].steps[0]'
CALLBACK_ATTEMPTS = "policy.callback.attempts_max"


def step(**fields: Any) -> policy.ApplyPolicyRequest:
    return policy.ApplyPolicyRequest(policy={"plans": [{"plan_id": "p", "steps": [fields]}]})


def calendar(**fields: Any) -> policy.ApplyPolicyRequest:
    return policy.ApplyPolicyRequest(policy={"calendars": [{"calendar_id": "c", "time_zone": "UTC", **fields}]})


@pytest.mark.parametrize(
    ("request_message", "reason", "field"),
    [
        (ENQUEUE(), "EMPTY", "queue_id"),
        (ENQUEUE(queue_id="q" * 129), "TOO_LONG", "queue_id"),
        (ENQUEUE(queue_id="q\n"), "INVALID_CHARACTER", "queue_id"),
        (ENQUEUE(queue_id="q", contact_id="acd:1"), "RESERVED_ID", "contact_id"),
        (ENQUEUE(queue_id="q", channel="c" * 129), "TOO_LONG", "channel"),
        (ENQUEUE(queue_id="q", requirement="a and"), "MALFORMED_REQUIREMENT", "requirement"),
        (ENQUEUE(queue_id="q", priority=1_000_001), "OUT_OF_RANGE", "priority"),
        (ENQUEUE(queue_id="q", credit=ms(10**12 + 1)), "OUT_OF_RANGE", "credit"),
        (ENQUEUE(queue_id="q", credit=Duration(seconds=2**62)), "OUT_OF_RANGE", "credit"),
        (ENQUEUE(queue_id="q", credit=Duration(nanos=1)), "INVALID_VALUE", "credit"),
        (ENQUEUE(queue_id="q", credit=Duration(seconds=1, nanos=-1_000_000)), "INVALID_VALUE", "credit"),
        (ENQUEUE(queue_id="q", credit=Duration(nanos=10**9)), "INVALID_VALUE", "credit"),
        (ENQUEUE(queue_id="q", attributes={"a": "x" * 16_384}), "TOO_LONG", "attributes"),
        (ENQUEUE(queue_id="q", preference={"only_these": True}), "EMPTY", "preference.agent_ids"),
        (ENQUEUE(queue_id="q", preference={"agent_ids": ["a", ""]}), "EMPTY", "preference.agent_ids[1]"),
        (ENQUEUE(queue_id="q", preference={"agent_ids": ["a", "a"]}), "DUPLICATE_ENTRY", "preference.agent_ids"),
        (ENQUEUE(queue_id="q", preference={"agent_ids": map(str, range(17))}), "TOO_MANY", "preference.agent_ids"),
        (ENQUEUE(queue_id="q", preference={"hold": ms(10**11)}), "OUT_OF_RANGE", "preference.hold"),
        (ENQUEUE(queue_id="q", callback={}), "EMPTY", "callback.address"),
        (ENQUEUE(queue_id="q", callback={"address": "1\n"}), "INVALID_CHARACTER", "callback.address"),
        (
            ENQUEUE(queue_id="q", callback={"address": "1", "attempts_max": 101}),
            "OUT_OF_RANGE",
            "callback.attempts_max",
        ),
        (ENQUEUE(queue_id="q", skill_weights={"a": 1_001}), "OUT_OF_RANGE", 'skill_weights["a"]'),
        (ENQUEUE(queue_id="q", consults_contact_id="c" * 129), "TOO_LONG", "consults_contact_id"),
        (contact.UpdateContactRequest(contact_id="c"), "EMPTY", ""),
        (
            contact.UpdateContactRequest(contact_id="c", preference={"only_these": True}),
            "EMPTY",
            "preference.agent_ids",
        ),
        (contact.CancelContactRequest(contact_id="c", reason=9), "INVALID_VALUE", "reason"),
        (contact.AcceptOfferRequest(contact_id="c", agent_id="a"), "OUT_OF_RANGE", "offer_id"),
        (contact.AcceptOfferRequest(contact_id="c", agent_id="a", offer_id=2**63), "OUT_OF_RANGE", "offer_id"),
        (contact.DeclineOfferRequest(contact_id="c", agent_id="a", offer_id=1, outcome=5), "INVALID_VALUE", "outcome"),
        (contact.CompleteContactRequest(contact_id="c", wrap_up=ms(-1)), "OUT_OF_RANGE", "wrap_up"),
        (contact.CompleteContactRequest(contact_id="c", wrap_up=ms(10**11)), "OUT_OF_RANGE", "wrap_up"),
        (TRANSFER(), "INVALID_VALUE", "to"),
        (TRANSFER(queue_id=""), "EMPTY", "queue_id"),
        (TRANSFER(to_agent_id="a"), "INVALID_VALUE", "to_agent_id"),
        (TRANSFER(to_agent_id="b", priority=1), "INVALID_VALUE", "priority"),
        (TRANSFER(consultation_contact_id="d", requirement="x"), "INVALID_VALUE", "requirement"),
        (TRANSFER(consultation_contact_id="d", restart_wait=True), "INVALID_VALUE", "restart_wait"),
        (TRANSFER(queue_id="q", requirement="("), "MALFORMED_REQUIREMENT", "requirement"),
        (contact.PickContactRequest(contact_id="c"), "EMPTY", "agent_id"),
        (contact.PickContactRequest(contact_id="c", agent_id="a", requested_by="x" * 129), "TOO_LONG", "requested_by"),
        (contact.RequestCallbackRequest(contact_id="c"), "EMPTY", "callback.address"),
        (CALL_BACK(window_start=Timestamp(seconds=-1)), "OUT_OF_RANGE", "callback.window_start"),
        (CALL_BACK(window_start=Timestamp(seconds=9, nanos=10**9)), "INVALID_VALUE", "callback.window_start"),
        (CALL_BACK(window_end=Timestamp(seconds=2**62)), "OUT_OF_RANGE", "callback.window_end"),
        (CALL_BACK(window_end=Timestamp()), "OUT_OF_RANGE", "callback.window_end"),
        (
            CALL_BACK(window_start=Timestamp(seconds=9), window_end=Timestamp(seconds=9)),
            "INVALID_VALUE",
            "callback.window_end",
        ),
        (customer_pb2.UpsertCustomersRequest(), "NOT_BUILT", ""),
        (agent.SetPresenceRequest(agent_id="a"), "INVALID_VALUE", "presence"),
        (agent.SetPresenceRequest(agent_id="a", presence=9), "INVALID_VALUE", "presence"),
        (agent.SetPresenceRequest(agent_id="a", presence=2, reason="x"), "INVALID_VALUE", "reason"),
        (agent.SetPresenceRequest(agent_id="a", presence=2, lease=ms(-5)), "OUT_OF_RANGE", "lease"),
        (agent.HeartbeatRequest(agent_ids=["a", "a"]), "DUPLICATE_ENTRY", "agent_ids[1]"),
        (agent.RemoveAgentsRequest(), "EMPTY", "agent_ids"),
        (UPSERT(), "EMPTY", "agents"),
        (UPSERT(agents=[{"agent_id": str(n)} for n in range(10_001)]), "TOO_MANY", "agents"),
        (UPSERT(agents=[{"agent_id": "a"}, {}]), "EMPTY", "agents[1].agent_id"),
        (UPSERT(agents=[{"agent_id": "a", "skills": {"b": 101}}]), "OUT_OF_RANGE", 'agents[0].skills["b"]'),
        (UPSERT(agents=[{"agent_id": "a", "skills": {"b": -1}}]), "OUT_OF_RANGE", 'agents[0].skills["b"]'),
        (UPSERT(agents=[{"agent_id": "a", "capacity": 0}]), "OUT_OF_RANGE", "agents[0].capacity"),
        (UPSERT(agents=[{"agent_id": "a", "weight": 0}]), "OUT_OF_RANGE", "agents[0].weight"),
        (
            UPSERT(agents=[{"agent_id": "a", "memberships": [{"queue_id": "q"}, {"queue_id": "q"}]}]),
            "DUPLICATE_ENTRY",
            "agents[0].memberships",
        ),
        (policy.ApplyPolicyRequest(), "EMPTY", "policy"),
        (policy.ApplyPolicyRequest(policy={}, expected_version=2**63), "OUT_OF_RANGE", "expected_version"),
        (policy.ApplyPolicyRequest(policy={"plans": [{}]}), "EMPTY", "policy.plans[0].plan_id"),
        (policy.ApplyPolicyRequest(policy={"callback": {"attempts_max": 0}}), "OUT_OF_RANGE", CALLBACK_ATTEMPTS),
        (policy.ApplyPolicyRequest(policy={"preference": {"hold": ms(-1)}}), "OUT_OF_RANGE", "policy.preference.hold"),
        (
            policy.ApplyPolicyRequest(policy={"occupancy_time_constant": ms(1)}),
            "OUT_OF_RANGE",
            "policy.occupancy_time_constant",
        ),
        (step(), "EMPTY", f"{STEP}.action"),
        (step(after=ms(-1), drop_skill="x"), "OUT_OF_RANGE", f"{STEP}.after"),
        (step(drop_skill=""), "EMPTY", f"{STEP}.drop_skill"),
        (step(set_requirement="("), "MALFORMED_REQUIREMENT", f"{STEP}.set_requirement"),
        (step(lower_level={"level": 1}), "EMPTY", f"{STEP}.lower_level.skill"),
        (step(lower_level={"skill": "x", "level": 101}), "OUT_OF_RANGE", f"{STEP}.lower_level.level"),
        (step(raise_max_tier=101), "OUT_OF_RANGE", f"{STEP}.raise_max_tier"),
        (step(add_credit=ms(10**13)), "OUT_OF_RANGE", f"{STEP}.add_credit"),
        (step(set_priority=1_000_001), "OUT_OF_RANGE", f"{STEP}.set_priority"),
        (step(move_to_queue={}), "EMPTY", f"{STEP}.move_to_queue.queue_id"),
        (step(move_to_queue={"queue_id": "q"}), "UNKNOWN_QUEUE", f"{STEP}.move_to_queue.queue_id"),
        (step(add_queue_id="q"), "UNKNOWN_QUEUE", f"{STEP}.add_queue_id"),
        (step(treatment={}), "INVALID_VALUE", f"{STEP}.treatment.kind"),
        (step(treatment={"kind": 1, "name": "x" * 257}), "TOO_LONG", f"{STEP}.treatment.name"),
        (step(offer_callback={"announcement": "x" * 257}), "TOO_LONG", f"{STEP}.offer_callback.announcement"),
        (step(end={}), "INVALID_VALUE", f"{STEP}.end.kind"),
        (step(end={"kind": 1, "target": "x" * 129}), "TOO_LONG", f"{STEP}.end.target"),
        (
            step(drop_skill="x", condition={"expected_wait_min": ms(0)}),
            "OUT_OF_RANGE",
            f"{STEP}.condition.expected_wait_min",
        ),
        (calendar(time_zone=""), "EMPTY", 'policy.calendars["c"].time_zone'),
        (calendar(hours=[{}]), "EMPTY", 'policy.calendars["c"].hours[0].days'),
        (calendar(hours=[{"days": [8], "to_minute": 1}]), "OUT_OF_RANGE", 'policy.calendars["c"].hours[0].days'),
        (calendar(hours=[{"days": [1]}]), "OUT_OF_RANGE", 'policy.calendars["c"].hours[0].to_minute'),
        (calendar(exceptions=[{"date": "1.1."}]), "INVALID_VALUE", 'policy.calendars["c"].exceptions[0].date'),
        (
            calendar(exceptions=[{"date": "2027-01-01", "from_minute": 0}]),
            "INVALID_VALUE",
            'policy.calendars["c"].exceptions[0].to_minute',
        ),
        (policy.ApplyPolicyRequest(policy={"short_abandon": ms(-1)}), "OUT_OF_RANGE", "policy.short_abandon"),
        (policy.ApplyPolicyRequest(policy={"reattach": ms(0)}), "OUT_OF_RANGE", "policy.reattach"),
        (
            policy.ApplyPolicyRequest(policy={"channels": [{"channel_id": "voice"}]}),
            "OUT_OF_RANGE",
            'policy.channels["voice"].cost',
        ),
        (
            policy.ApplyPolicyRequest(policy={"channels": [{"channel_id": "x", "cost": 1, "interrupts": ["y"]}]}),
            "UNKNOWN_CHANNEL",
            'policy.channels["x"].interrupts',
        ),
        (
            policy.ApplyPolicyRequest(policy={"offer_outcomes": {"busy": {"delay": ms(-1)}}}),
            "OUT_OF_RANGE",
            "policy.offer_outcomes.busy.delay",
        ),
        (queue(queue_id=""), "EMPTY", "policy.queues[0].queue_id"),
        (queue(requirement=")"), "MALFORMED_REQUIREMENT", 'policy.queues["sales"].requirement'),
        (queue(offer_timeout=ms(0)), "OUT_OF_RANGE", 'policy.queues["sales"].offer_timeout'),
        (
            queue(strategy="STRATEGY_BROADCAST", auto_accept=True),
            "INVALID_VALUE",
            'policy.queues["sales"].auto_accept',
        ),
        (queue(strategy=77), "INVALID_VALUE", 'policy.queues["sales"].strategy'),
        (queue(membership=77), "INVALID_VALUE", 'policy.queues["sales"].membership'),
        (queue(plan_id="p"), "UNKNOWN_PLAN", 'policy.queues["sales"].plan_id'),
        (queue(calendar_id="c"), "UNKNOWN_CALENDAR", 'policy.queues["sales"].calendar_id'),
        (queue(broadcast_to=65), "OUT_OF_RANGE", 'policy.queues["sales"].broadcast_to'),
        (queue(skill_weights={"x": -1}), "OUT_OF_RANGE", 'policy.queues["sales"].skill_weights["x"]'),
        (queue(preferred_hold=ms(-1)), "OUT_OF_RANGE", 'policy.queues["sales"].preferred_hold'),
        (queue(at_closing=9), "INVALID_VALUE", 'policy.queues["sales"].at_closing'),
        (queue(overflow={}), "EMPTY", 'policy.queues["sales"].overflow.to'),
        (queue(overflow={"queue_id": ""}), "EMPTY", 'policy.queues["sales"].overflow.queue_id'),
        (queue(overflow={"queue_id": "sales"}), "INVALID_VALUE", 'policy.queues["sales"].overflow.queue_id'),
        (queue(overflow={"queue_id": "x"}), "UNKNOWN_QUEUE", 'policy.queues["sales"].overflow.queue_id'),
        (queue(overflow={"end": {}}), "INVALID_VALUE", 'policy.queues["sales"].overflow.end.kind'),
        (RouteContactRequest(), "EMPTY", "contact"),
        (RouteContactRequest(enqueue={"queue_id": "q", "credit": ms(10**13)}), "OUT_OF_RANGE", "enqueue.credit"),
        (RouteContactRequest(attach={}), "EMPTY", "attach.contact_id"),
    ],
)
def test_bad_requests_are_refused_by_field(request_message: Message, reason: str, field: str) -> None:
    with pytest.raises(Refused) as caught:
        codec.command_of(request_message)
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_all_that_is_wrong_with_a_policy_is_found() -> None:
    message = policy_pb2.Policy(
        queues=[
            policy_pb2.Queue(queue_id="a", requirement="("),
            policy_pb2.Queue(queue_id="b"),
            policy_pb2.Queue(queue_id="c", rate=2_000_000),
        ],
        reattach=ms(-3),
        max_waiting=5_000_000,
        callback={"retry_delay": ms(0)},
        plans=[{"plan_id": "p", "steps": [{}]}],
    )
    made, problems = codec.policy_problems(message)
    assert made is None
    assert {(p.field, p.reason) for p in problems} == {
        ("callback.retry_delay", Reason.OUT_OF_RANGE),
        ('plans["p"].steps[0].action', Reason.EMPTY),
        ('queues["a"].requirement', Reason.MALFORMED_REQUIREMENT),
        ('queues["c"].rate', Reason.OUT_OF_RANGE),
        ("reattach", Reason.OUT_OF_RANGE),
        ("max_waiting", Reason.OUT_OF_RANGE),
    }


def test_batches_take_what_callers_may_send() -> None:
    message = command_pb2.Command(cancel_contact={"contact_id": "c"})
    assert codec.batch_command_of(message) == commands.CancelContact("c")


@pytest.mark.parametrize(
    ("message", "reason", "field"),
    [
        (command_pb2.Command(), "EMPTY", "command"),
        (command_pb2.Command(tick={}), "INVALID_VALUE", "command"),
        (command_pb2.Command(resume={}), "INVALID_VALUE", "command"),
        (command_pb2.Command(enqueue_attached_contact={"queue_id": "q"}), "INVALID_VALUE", "command"),
        (command_pb2.Command(detach_contact={"contact_id": "c"}), "INVALID_VALUE", "command"),
        (command_pb2.Command(attach_contact={"contact_id": "c"}), "INVALID_VALUE", "command"),
        (command_pb2.Command(apply_policy={"policy": {}, "validate_only": True}), "INVALID_VALUE", "validate_only"),
        (command_pb2.Command(open_queue={"queue_id": "q"}), "INVALID_VALUE", "command"),
        (command_pb2.Command(close_queue={"queue_id": "q"}), "INVALID_VALUE", "command"),
        (command_pb2.Command(transfer_contact={}), "EMPTY", "contact_id"),
        (command_pb2.Command(upsert_customers={}), "INVALID_VALUE", "command"),
        (command_pb2.Command(complete_contact={"contact_id": "c", "wrap_up": ms(10**11)}), "OUT_OF_RANGE", "wrap_up"),
    ],
)
def test_batches_refuse_the_rest(message: command_pb2.Command, reason: str, field: str) -> None:
    with pytest.raises(Refused) as caught:
        codec.batch_command_of(message)
    assert (caught.value.reason, caught.value.field) == (reason, field)
