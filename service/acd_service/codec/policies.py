"""Policies: between the wire's message and the engine's `Policy`, with every default in one place."""

from typing import Any

from google.protobuf.duration_pb2 import Duration

from acd.v1 import policy_pb2
from acd.v1.policy_commands_pb2 import ApplyPolicyRequest
from acd_core.commands import ApplyPolicy
from acd_core.enums import Membership, Strategy
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.refusal import Reason, Refused
from acd_service.codec.values import checked_int64, duration_of_ms, ms_of, not_built, span_ms_of, wire_refusal

_POLICY = Policy()
_QUEUE = QueueSpec("defaults")
_DEFAULTS = OfferOutcomes()
_LATER_OF_POLICY = ("plans", "preference", "callback", "calendars", "occupancy_time_constant")
_LATER_OF_QUEUE = (
    "plan_id", "skill_weights", "broadcast_to", "preferred_hold", "calendar_id", "at_closing", "overflow",
)  # fmt: skip
_OUTCOMES = ("declined", "busy", "unreachable", "missed")


def policy_of(message: policy_pb2.Policy) -> Policy:
    """The policy that a message describes.

    Raises:
        Refused: the first of `policy_problems`.
    """
    policy, problems = policy_problems(message)
    if policy is None:
        raise problems[0]
    return policy


def policy_problems(message: policy_pb2.Policy) -> tuple[Policy | None, list[Refused]]:
    """The policy that a message describes, or None and everything that is wrong with it.

    Fields are named by path below the policy: `queues["sales"].requirement`, by index where the id itself is wrong.
    """
    set_fields = {field.name for field, _ in message.ListFields()}
    problems = [not_built(name) for name in _LATER_OF_POLICY if name in set_fields]
    given: dict[str, Any] = {"tier_first": message.tier_first}
    channels: list[Channel] = []
    for index, channel in enumerate(message.channels):
        try:
            channels.append(_channel(channel))
        except Refused as refused:
            problems.append(_placed(refused, "channels", index, channel.channel_id))
    if channels and len(channels) == len(message.channels):
        given["channels"] = tuple(channels)
    queues: list[QueueSpec] = []
    for index, queue in enumerate(message.queues):
        try:
            queues.append(_queue(queue))
        except Refused as refused:
            problems.append(_placed(refused, "queues", index, queue.queue_id))
    given["queues"] = tuple(queues)
    outcomes: dict[str, OutcomePolicy] = {}
    for name in _OUTCOMES:
        try:
            outcomes[name] = _outcome(getattr(message.offer_outcomes, name), getattr(_DEFAULTS, name))
        except Refused as refused:
            problems.append(wire_refusal(refused).within(f"offer_outcomes.{name}"))
    given["offer_outcomes"] = OfferOutcomes(**outcomes)
    for name in ("short_abandon", "presence_lease", "reattach"):
        try:
            given[f"{name}_ms"] = _span_ms(message, name, getattr(_POLICY, f"{name}_ms"))
        except Refused as refused:
            problems.append(refused)
    if message.HasField("max_waiting"):
        given["max_waiting"] = message.max_waiting
    policy: Policy | None = None
    try:
        policy = Policy(**given)
    except Refused as refused:
        problems.append(wire_refusal(refused))
    return (None, problems) if problems else (policy, problems)


def policy_message(policy: Policy) -> policy_pb2.Policy:
    """A policy as the wire shows it, every default written out."""
    return policy_pb2.Policy(
        channels=[
            policy_pb2.Channel(channel_id=c.channel_id, cost=c.cost, interrupts=c.interrupts) for c in policy.channels
        ],
        queues=[_queue_message(queue) for queue in policy.queues],
        tier_first=policy.tier_first,
        short_abandon=duration_of_ms(policy.short_abandon_ms),
        presence_lease=duration_of_ms(policy.presence_lease_ms),
        reattach=duration_of_ms(policy.reattach_ms),
        max_waiting=policy.max_waiting,
        offer_outcomes=policy_pb2.OfferOutcomes(
            **{name: _outcome_message(getattr(policy.offer_outcomes, name)) for name in _OUTCOMES}
        ),
    )


def apply_policy(request: ApplyPolicyRequest) -> ApplyPolicy:
    """The command. `validate_only` is for the handler: it is not part of a command."""
    if not request.HasField("policy"):
        raise Refused(Reason.EMPTY, "policy", "a policy is needed; an empty one has the default channels and no queue")
    try:
        policy = policy_of(request.policy)
    except Refused as refused:
        raise refused.within("policy") from None
    expected = -1
    if request.HasField("expected_version"):
        expected = checked_int64(request.expected_version, "expected_version")
    return ApplyPolicy(policy, expected, request_id=request.request_id)


def write_apply_policy(request: ApplyPolicyRequest, command: ApplyPolicy) -> None:
    request.request_id = command.request_id
    request.policy.CopyFrom(policy_message(command.policy))
    if command.expected_version >= 0:
        request.expected_version = command.expected_version


def _placed(refused: Refused, list_name: str, index: int, entry_id: str) -> Refused:
    """The refusal with its place in a list: by id, or by index where the id itself is at fault."""
    there = wire_refusal(refused)
    by_index = not entry_id or there.field in ("queue_id", "channel_id")
    return there.within(f"{list_name}[{index}]" if by_index else f'{list_name}["{entry_id}"]')


def _span_ms(message: policy_pb2.Policy | policy_pb2.Queue | policy_pb2.OutcomePolicy, name: str, default: int) -> int:
    duration: Duration = getattr(message, name)
    return span_ms_of(duration, name) if message.HasField(name) else default


def _channel(message: policy_pb2.Channel) -> Channel:
    return Channel(message.channel_id, message.cost, tuple(message.interrupts))


def _outcome(message: policy_pb2.OutcomePolicy, default: OutcomePolicy) -> OutcomePolicy:
    return OutcomePolicy(
        exclude_ms=_span_ms(message, "exclude", default.exclude_ms),
        delay_ms=_span_ms(message, "delay", default.delay_ms),
        away_after=message.away_after if message.HasField("away_after") else default.away_after,
    )


def _outcome_message(outcome: OutcomePolicy) -> policy_pb2.OutcomePolicy:
    return policy_pb2.OutcomePolicy(
        exclude=duration_of_ms(outcome.exclude_ms),
        delay=duration_of_ms(outcome.delay_ms),
        away_after=outcome.away_after,
    )


def _queue(message: policy_pb2.Queue) -> QueueSpec:
    set_fields = {field.name for field, _ in message.ListFields()}
    for name in _LATER_OF_QUEUE:
        if name in set_fields:
            raise not_built(name)
    try:
        strategy = Strategy(message.strategy or Strategy.LONGEST_IDLE)
    except ValueError:
        raise Refused(Reason.INVALID_VALUE, "strategy", f"there is no strategy {message.strategy}") from None
    try:
        membership = Membership(message.membership or Membership.OPEN)
    except ValueError:
        raise Refused(Reason.INVALID_VALUE, "membership", f"there is no membership {message.membership}") from None
    return QueueSpec(
        message.queue_id,
        requirement=message.requirement,
        membership=membership,
        strategy=strategy,
        service_level_target_ms=_span_ms(message, "service_level_target", _QUEUE.service_level_target_ms),
        offer_timeout_ms=_span_ms(message, "offer_timeout", _QUEUE.offer_timeout_ms),
        auto_accept=message.auto_accept,
        wrap_up_ms=_span_ms(message, "wrap_up", _QUEUE.wrap_up_ms),
        credit_ms=ms_of(message.credit, "credit") if message.HasField("credit") else _QUEUE.credit_ms,
        rate=message.rate if message.HasField("rate") else _QUEUE.rate,
        max_tier=message.max_tier if message.HasField("max_tier") else None,
        max_waiting=message.max_waiting if message.HasField("max_waiting") else None,
    )


def _queue_message(queue: QueueSpec) -> policy_pb2.Queue:
    return policy_pb2.Queue(
        queue_id=queue.queue_id,
        requirement=queue.requirement,
        membership=int(queue.membership),  # type: ignore[arg-type]  # the numbers are the same
        strategy=int(queue.strategy),  # type: ignore[arg-type]
        service_level_target=duration_of_ms(queue.service_level_target_ms),
        offer_timeout=duration_of_ms(queue.offer_timeout_ms),
        auto_accept=queue.auto_accept,
        wrap_up=duration_of_ms(queue.wrap_up_ms),
        credit=duration_of_ms(queue.credit_ms),
        rate=queue.rate,
        max_tier=queue.max_tier,
        max_waiting=queue.max_waiting,
    )
