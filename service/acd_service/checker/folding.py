"""Value steps of plans folded over what a contact asks for (docs/engine/plans.md)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from acd_core.enums import StepAction
from acd_core.limits import CREDIT_MS_MAX, SKILL_LEVEL_MAX
from acd_core.plan import PlanStep
from acd_core.requirement import And, Node, Not, Or, Term, parse_own

parsed = lru_cache(16_384)(parse_own)


@dataclass(frozen=True, slots=True)
class Wants:
    """What a contact asks for."""

    requirement: str
    priority: int
    credit_ms: int
    raised_tier: int = -1

    def after(self, step: PlanStep) -> "Wants":
        match step.action:
            case StepAction.SET_REQUIREMENT:
                return replace(self, requirement=step.requirement)
            case StepAction.LOWER_LEVEL | StepAction.DROP_SKILL:
                return replace(self, requirement=_eased(self.requirement, step))
            case StepAction.RAISE_MAX_TIER:
                return replace(self, raised_tier=max(self.raised_tier, step.tier))
            case StepAction.ADD_CREDIT:
                credit_ms = min(CREDIT_MS_MAX, max(-CREDIT_MS_MAX, self.credit_ms + step.credit_ms))
                return replace(self, credit_ms=credit_ms)
            case StepAction.SET_PRIORITY:
                return replace(self, priority=step.priority)
        return self

    def after_all(self, steps: Iterable[PlanStep]) -> "Wants":
        wants = self
        for step in steps:
            wants = wants.after(step)
        return wants


def _eased(text: str, step: PlanStep) -> str:
    before = parsed(text)
    if step.action is StepAction.LOWER_LEVEL:
        after: Node | bool = _lower(before, step.skill, step.level, 0)
    else:
        after = _drop(before, step.skill, 0)
    if after == before:
        return text
    if isinstance(after, bool):
        return "" if after else str(Or(()))
    return str(after)


def _lower(node: Node, skill: str, level: int, nots: int) -> Node:
    if isinstance(node, Not):
        return Not(_lower(node.operand, skill, level, nots + 1))
    if isinstance(node, And):
        return And(tuple(_lower(operand, skill, level, nots) for operand in node.operands))
    if isinstance(node, Or):
        return Or(tuple(_lower(operand, skill, level, nots) for operand in node.operands))
    if node.skill != skill or nots % 2 or node.outside or node.low <= level:
        return node
    exactly = node.low == node.high and node.high < SKILL_LEVEL_MAX
    if not exactly:
        return replace(node, low=level)
    at_most = Term(skill, 0, node.high)
    return And((Term(skill, level, SKILL_LEVEL_MAX), at_most)) if level else at_most


def _drop(node: Node, skill: str, nots: int) -> Node | bool:
    """True for anyone, False for nobody."""
    if isinstance(node, Term):
        return node if node.skill != skill else nots % 2 == 0
    if isinstance(node, Not):
        inner = _drop(node.operand, skill, nots + 1)
        return not inner if isinstance(inner, bool) else Not(inner)
    if isinstance(node, And) and not node.operands:
        return node
    parts = [_drop(operand, skill, nots) for operand in node.operands]
    decisive = isinstance(node, Or)
    if any(part is decisive for part in parts):
        return decisive
    left = tuple(part for part in parts if not isinstance(part, bool))
    if not left:
        return not decisive
    return left[0] if len(left) == 1 else type(node)(left)
