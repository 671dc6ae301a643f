"""What looks wrong with a policy although it is valid: what an operator hardly means.

Looked at is the policy alone, and with a roster also whom it can reach.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from acd_core.enums import Membership, StepAction
from acd_core.plan import WIDENING_ACTIONS, Plan, PlanStep
from acd_core.policy import Policy, QueueSpec
from acd_core.requirement import ANYONE, Node, lowered, parse, without_skill
from acd_core.roster import AgentSpec

NOBODY_MEETS_REQUIREMENT = "NOBODY_MEETS_REQUIREMENT"
QUEUE_WITHOUT_MEMBERS = "QUEUE_WITHOUT_MEMBERS"
STEP_DOES_NOT_WIDEN = "STEP_DOES_NOT_WIDEN"
STEP_WITHOUT_EFFECT = "STEP_WITHOUT_EFFECT"
UNREACHABLE_STEP = "UNREACHABLE_STEP"
OVERFLOW_IN_A_CIRCLE = "OVERFLOW_IN_A_CIRCLE"
PLAN_NOT_USED = "PLAN_NOT_USED"


class Warning(NamedTuple):  # noqa: A001 - it is what it is called everywhere in this surface
    """Something that is valid but hardly meant."""

    field: str
    """Where, `plans["patience"].steps[2].lower_level` for instance."""
    reason: str
    """One of the words above."""
    message: str


def lint(policy: Policy, roster: Sequence[AgentSpec] | None = None) -> list[Warning]:
    """Everything that looks wrong, in no order.

    Args:
        roster: the agents there are; without it nothing is said about whom requirements and queues reach.
    """
    queues = {queue.queue_id: queue for queue in policy.queues}
    users: dict[str, list[QueueSpec]] = {plan.plan_id: [] for plan in policy.plans}
    for queue in policy.queues:
        if queue.plan_id:
            users[queue.plan_id].append(queue)
    found = list(_circles(policy))
    for plan in policy.plans:
        if not users[plan.plan_id]:
            found.append(Warning(f'plans["{plan.plan_id}"]', PLAN_NOT_USED, "no queue has this plan"))
        found += _unreachable(plan, frozenset(queue.queue_id for queue in users[plan.plan_id]), queues)
        found += _steps(plan, users[plan.plan_id], roster)
    if roster is not None:
        for queue in policy.queues:
            found += _reach(queue, roster)
    return found


def _reach(queue: QueueSpec, roster: Sequence[AgentSpec]) -> Iterator[Warning]:
    """Whether a queue has members, and whether any of them meets its requirement."""
    path = f'queues["{queue.queue_id}"]'
    members = _members(queue, roster)
    if not members:
        text = "no agent of the roster is a member" if roster else "the roster is empty"
        yield Warning(f"{path}.membership", QUEUE_WITHOUT_MEMBERS, text)
    elif not _able(members, (parse(queue.requirement),)):
        text = f"none of the {len(members)} agents who belong to the queue meets this"
        yield Warning(f"{path}.requirement", NOBODY_MEETS_REQUIREMENT, text)


def _members(queue: QueueSpec, roster: Sequence[AgentSpec]) -> list[AgentSpec]:
    if queue.membership is Membership.OPEN:
        return list(roster)
    return [agent for agent in roster if any(m.queue_id == queue.queue_id for m in agent.memberships)]


def _able(agents: Iterable[AgentSpec], requirements: Iterable[Node]) -> frozenset[str]:
    nodes = tuple(requirements)
    return frozenset(agent.agent_id for agent in agents if all(node.met_by(dict(agent.skills)) for node in nodes))


def _circles(policy: Policy) -> Iterator[Warning]:
    """Each circle of overflows once, at its first queue in the policy."""
    onward: Mapping[str, str] = {
        queue.queue_id: queue.overflow.queue_id
        for queue in policy.queues
        if queue.overflow is not None and queue.overflow.queue_id
    }
    place = {queue.queue_id: index for index, queue in enumerate(policy.queues)}
    seen: set[str] = set()
    for queue in policy.queues:
        way: dict[str, None] = {}
        at = queue.queue_id
        while at in onward and at not in way and at not in seen:
            way[at] = None
            at = onward[at]
        if at in way:
            names = list(way)[list(way).index(at) :]
            first = min(range(len(names)), key=lambda index: place[names[index]])
            names = names[first:] + names[: first + 1]
            circle = " to ".join(f'"{name}"' for name in names)
            text = f"overflows in a circle: {circle}; a contact that finds all of them full or closed is refused"
            yield Warning(f'queues["{names[0]}"].overflow', OVERFLOW_IN_A_CIRCLE, text)
        seen.update(way)


def _unreachable(plan: Plan, users: frozenset[str], queues: Mapping[str, QueueSpec]) -> Iterator[Warning]:
    """Steps after one that always ends the wait, or always takes the contact to another queue and its plan."""
    for index, step in enumerate(plan.steps):
        if step.condition is not None:
            continue
        if step.action is StepAction.END_WAIT:
            why = "ends the wait"
        elif (
            step.action is StepAction.MOVE_TO_QUEUE
            and step.queue_id not in users
            and _always_takes(queues[step.queue_id])
        ):
            why = f'moves the contact to "{step.queue_id}"'
        else:
            continue
        for later in range(index + 1, len(plan.steps)):
            text = f"is never taken: step {index}, which has no condition, {why} before"
            yield Warning(f'plans["{plan.plan_id}"].steps[{later}]', UNREACHABLE_STEP, text)
        return


def _always_takes(queue: QueueSpec) -> bool:
    """Whether a contact that is to move here always does: the queue is never full and never closes."""
    return queue.max_waiting is None and not queue.calendar_id


class _Asked:
    """What a contact asks for as its plan goes on, as far as the plan alone says it."""

    def __init__(self) -> None:
        self.own: Node | None = None
        """Its own requirement; None while it is what the contact came with."""
        self.lowered_to: dict[str, int] = {}
        """Skills of a requirement that is not known, and the level they were lowered to."""
        self.tier: int | None = None
        self.priority: int | None = None

    def take(self, step: PlanStep) -> str:
        """Go on by one step; why it changes nothing, or nothing."""
        match step.action:
            case StepAction.SET_REQUIREMENT:
                before, self.own = self.own, parse(step.requirement)
                self.lowered_to = {}
                return "the requirement is this already" if self.own == before else ""
            case StepAction.LOWER_LEVEL | StepAction.DROP_SKILL:
                level = step.level if step.action is StepAction.LOWER_LEVEL else -1
                return self._lower(step.skill, level)
            case StepAction.RAISE_MAX_TIER:
                before_tier, self.tier = self.tier, max(step.tier, -1 if self.tier is None else self.tier)
                return f"the highest tier is {before_tier} already" if before_tier == self.tier else ""
            case StepAction.ADD_CREDIT:
                return "" if step.credit_ms else "adds nothing"
            case StepAction.SET_PRIORITY:
                before_priority, self.priority = self.priority, step.priority
                return "the priority is this already" if before_priority == step.priority else ""
        return ""

    def _lower(self, skill: str, level: int) -> str:
        if self.own is None:
            if skill in self.lowered_to and self.lowered_to[skill] <= level:
                return f'a step before asks for no more of "{skill}" than this'
            self.lowered_to[skill] = level
            return ""
        before = self.own
        self.own = without_skill(before, skill) if level < 0 else lowered(before, skill, level)
        return (
            f'what is asked for here, "{before}", asks for no more of "{skill}" than this' if before == self.own else ""
        )


def _steps(plan: Plan, users: list[QueueSpec], roster: Sequence[AgentSpec] | None) -> Iterator[Warning]:
    asked = _Asked()
    sometimes = False
    for index, step in enumerate(plan.steps):
        path = f'plans["{plan.plan_id}"].steps[{index}]'
        before = asked.own
        reason = STEP_DOES_NOT_WIDEN if step.action in WIDENING_ACTIONS else STEP_WITHOUT_EFFECT
        why = asked.take(step)
        if sometimes:
            why = ""  # what stands before this step depends on what was taken
        if step.action is StepAction.RAISE_MAX_TIER:
            why = why or _tier_in_vain(step.tier, users)
        elif step.action in (StepAction.ADD_QUEUE, StepAction.MOVE_TO_QUEUE):
            why = _queue_in_vain(step, users)
        if why:
            yield Warning(path, reason, why)
        sometimes = sometimes or step.condition is not None
        if roster is not None and users and asked.own not in (None, before):
            yield from _reach_of_step(path, None if sometimes else before, asked.own or ANYONE, users, roster)


def _tier_in_vain(tier: int, users: list[QueueSpec]) -> str:
    if not users:
        return ""
    if all(queue.membership is Membership.OPEN for queue in users):
        return "every agent of an open queue is at tier 0"
    if all(queue.max_tier is None for queue in users):
        return "no queue with this plan has a max_tier, so that all tiers may serve from the start"
    if all(queue.max_tier is None or queue.max_tier >= tier for queue in users):
        return f"every queue with this plan allows tier {tier} from the start"
    return ""


def _queue_in_vain(step: PlanStep, users: list[QueueSpec]) -> str:
    if users and all(queue.queue_id == step.queue_id for queue in users) and not step.restart_wait:
        return f'the contact is in "{step.queue_id}" already'
    return ""


def _reach_of_step(
    path: str, before: Node | None, after: Node, users: list[QueueSpec], roster: Sequence[AgentSpec]
) -> Iterator[Warning]:
    """Whom what a step asks for reaches, in the queues that have its plan."""
    widens, reaches = before is None, False
    for queue in users:
        members, own = _members(queue, roster), parse(queue.requirement)
        able = _able(members, (own, after))
        reaches = reaches or bool(able)
        widens = widens or before is None or not able <= _able(members, (own, before))
    if not reaches:
        yield Warning(path, NOBODY_MEETS_REQUIREMENT, f'nobody in the queues with this plan meets "{after}" as well')
    elif not widens:
        yield Warning(path, STEP_DOES_NOT_WIDEN, f'nobody meets "{after}" who did not meet "{before}" before')
