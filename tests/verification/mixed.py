"""Worlds and streams with all of routing mixed at once: every strategy, plans, second queues, overflow, preference,
picks, callbacks, transfers, consultations, queues that open and close. Crowded and contradictory like the plain ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from verification.adversary import RecoveringAdversary
from verification.worlds import SKILLS, Worlds

from acd_core.commands import (
    CloseQueue,
    Command,
    CompleteContact,
    EnqueueContact,
    OpenQueue,
    PickContact,
    RequestCallback,
    TransferContact,
    UpdateContact,
)
from acd_core.enums import ClosingRule, ContactState, EndKind, EventType, StepAction, Strategy, TreatmentKind
from acd_core.events import Event
from acd_core.plan import EndWait, Overflow, Plan, PlanStep, StepCondition
from acd_core.policy import CallbackPolicy, Policy, PreferencePolicy, QueueSpec, SkillWeight
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec
from bench.workload import NS_PER_MS, Draws

STRATEGIES = tuple(Strategy)
CUSTOMERS = ("", "", "", "customer-1", "customer-2", "müller")
PLANS = ("patient", "hasty", "wild")


class MixedWorlds(Worlds):
    """Worlds with everything that a policy, an agent or a contact may have. Each feature is in use or not by draw."""

    def __init__(self, draws: Draws) -> None:
        super().__init__(draws)
        self._strategies = STRATEGIES if draws.chance(500) else tuple(draws.some(STRATEGIES, 2))
        self._plans = draws.chance(700)
        self._crowding = draws.chance(500)
        self.preference = draws.chance(600)
        self.callbacks = draws.chance(500)
        self.closing = draws.chance(500)
        self.transfers = draws.chance(600)

    def brief_ms(self) -> int:
        return self._draws.pick((0, 0, 1, 2, 5, 20, 60)) * self.pace_ms

    def _end(self) -> EndWait:
        return EndWait(self._draws.pick(tuple(EndKind)), self._draws.pick(("", "box", "sip:x@y")))

    def _step(self, after_ms: int) -> PlanStep:
        draws = self._draws
        action = draws.pick(tuple(StepAction))
        condition = None
        if draws.chance(350):
            condition = StepCondition(
                queue_length_min=draws.pick((None, 0, 1, 2, 4)),
                expected_wait_min_ms=draws.pick((None, None, None, 1, self.pace_ms, 30 * self.pace_ms)),
                nobody_signed_on=draws.chance(200),
            )
        step = PlanStep(after_ms, StepAction.RAISE_MAX_TIER, condition, tier=draws.below(4))
        match action:
            case StepAction.SET_REQUIREMENT:
                return PlanStep(after_ms, action, condition, requirement=self.requirement())
            case StepAction.LOWER_LEVEL:
                return PlanStep(after_ms, action, condition, skill=draws.pick(SKILLS), level=draws.pick((0, 1, 30, 60)))
            case StepAction.DROP_SKILL:
                return PlanStep(after_ms, action, condition, skill=draws.pick(SKILLS))
            case StepAction.ADD_CREDIT:
                return PlanStep(after_ms, action, condition, credit_ms=draws.pick((-1, 1, 5_000, 10**12)))
            case StepAction.SET_PRIORITY:
                return PlanStep(after_ms, action, condition, priority=draws.pick((-1, 0, 1, 7)))
            case StepAction.MOVE_TO_QUEUE:
                queue_id = draws.pick(self.queues)
                return PlanStep(after_ms, action, condition, queue_id=queue_id, restart_wait=draws.chance(200))
            case StepAction.ADD_QUEUE:
                return PlanStep(after_ms, action, condition, queue_id=draws.pick(self.queues))
            case StepAction.START_TREATMENT:
                kind = draws.pick(tuple(TreatmentKind))
                return PlanStep(after_ms, action, condition, treatment=kind, name="waltz")
            case StepAction.OFFER_CALLBACK:
                return PlanStep(after_ms, action, condition, name="call you back?")
            case StepAction.END_WAIT:
                return PlanStep(after_ms, action, condition, end=self._end()) if draws.chance(300) else step
            case _:
                return step

    def _plan(self, plan_id: str) -> Plan:
        times = sorted(self.brief_ms() for _ in range(self._draws.below(7)))
        return Plan(plan_id, tuple(self._step(after_ms) for after_ms in times))

    def policy(self, *, whole: bool = False) -> Policy:
        draws = self._draws
        policy = super().policy(whole=whole)
        queues = tuple(self._with_more(queue, {each.queue_id for each in policy.queues}) for queue in policy.queues)
        there = {queue.queue_id for queue in queues}
        plans = tuple(self._plan(plan_id) for plan_id in PLANS) if self._plans else ()
        if any(step.queue_id and step.queue_id not in there for plan in plans for step in plan.steps):
            plans = ()
            queues = tuple(replace(queue, plan_id="") for queue in queues)
        return replace(
            policy,
            queues=queues,
            plans=plans,
            preference=PreferencePolicy(
                self._ms(0, 1, 9) if self.preference else 0,
                self.preference and draws.chance(500),
                self.brief_ms() if self.preference else 0,
            ),
            callback=CallbackPolicy(draws.between(1, 3), max(1, self.brief_ms())),
            occupancy_time_constant_ms=draws.pick((1_000, 60_000, 1_800_000, 1_800_000, 2_592_000_000)),
        )

    def _with_more(self, queue: QueueSpec, queues: set[str]) -> QueueSpec:
        draws = self._draws
        overflow = None
        others = sorted(queues - {queue.queue_id})
        if draws.chance(500):
            overflow = Overflow(draws.pick(others)) if others and draws.chance(700) else Overflow(end=self._end())
        return replace(
            queue,
            auto_accept=queue.auto_accept and queue.strategy is not Strategy.BROADCAST,
            max_waiting=draws.pick((None, 0, 1, 2)) if self._crowding and draws.chance(500) else queue.max_waiting,
            plan_id=draws.pick(PLANS) if self._plans and draws.chance(800) else "",
            skill_weights=self.weights() if draws.chance(500) else (),
            broadcast_to=draws.between(2, 4),
            preferred_hold_ms=draws.pick((None, 0, self.brief_ms())),
            at_closing=draws.pick(tuple(ClosingRule)),
            overflow=overflow,
        )

    def weights(self) -> tuple[SkillWeight, ...]:
        names = self._draws.some(SKILLS, self._draws.below(len(SKILLS) + 1))
        return tuple(SkillWeight(name, self._draws.pick((0, 1, 2, 1_000))) for name in names)

    def agent(self, agent_id: str) -> AgentSpec:
        return replace(super().agent(agent_id), weight=self._draws.pick((1, 1, 2, 100, 10_000)))


class MixedAdversary(RecoveringAdversary):
    """As the plain one, with the commands of all of routing."""

    WORLDS = MixedWorlds
    _worlds: MixedWorlds

    def _weights(self) -> tuple[tuple[Callable[[], Command | None], int], ...]:
        worlds = self._worlds
        return (
            *super()._weights(),
            (self._pick, 4 if worlds.preference else 0),
            (self._prefer, 3 if worlds.preference else 0),
            (self._callback, 5 if worlds.callbacks else 0),
            (self._not_reached, 5 if worlds.callbacks else 0),
            (self._transfer, 8 if worlds.transfers else 0),
            (self._close_queue, 3 if worlds.closing else 0),
            (self._open_queue, 3 if worlds.closing else 0),
        )

    def learn(self, events: Sequence[Event]) -> None:
        super().learn(events)
        for event in events:
            known = self._contacts.get(event.contact_id)
            if known is None:
                continue
            match event.type:
                case EventType.SEGMENT_OPENED | EventType.CALLBACK_DUE:
                    known.state = ContactState.WAITING
                case EventType.CONTACT_SCHEDULED:
                    known.state = ContactState.SCHEDULED

    def _agent_ids(self) -> tuple[str, ...]:
        return tuple({self._agent(): None for _ in range(self._draws.pick((1, 1, 2, 3)))})

    def _enqueue(self) -> Command | None:
        draws, worlds = self._draws, self._worlds
        plain = super()._enqueue()
        if not isinstance(plain, EnqueueContact) or draws.chance(400):
            return plain
        more = {"preferred_agents": (), "only_preferred": False, "preferred_hold_ms": -1}
        if worlds.preference and draws.chance(500):
            more["preferred_agents"] = self._agent_ids()
            more["only_preferred"] = draws.chance(250)
            more["preferred_hold_ms"] = draws.pick((-1, 0, worlds.brief_ms()))
        if worlds.callbacks and draws.chance(200):
            more |= self._callback_fields()
        if worlds.transfers and draws.chance(200):
            more["consults_contact_id"] = self._contact(ContactState.ACTIVE)
        if draws.chance(300):
            more["skill_weights"] = worlds.weights()
        try:
            return EnqueueContact(
                plain.contact_id,
                plain.queue_id,
                plain.channel_id,
                plain.requirement,
                plain.priority,
                plain.credit_ms,
                draws.pick(CUSTOMERS),
                plain.attributes,
                plain.attached,
                request_id=plain.request_id,
                **more,
            )
        except Refused:
            return plain

    def _callback_fields(self) -> dict[str, object]:
        draws = self._draws
        pace_ns = self._worlds.pace_ms * NS_PER_MS
        start_ns = draws.pick((0, 0, self._now_ns + draws.below(30) * pace_ns))
        end_ns = draws.pick((0, 0, max(start_ns, self._now_ns) + 1 + draws.below(60) * pace_ns))
        return {
            "callback_address": draws.pick(("+49 30 1", "tel:2")),
            "window_start_ns": start_ns,
            "window_end_ns": end_ns,
            "attempts_max": draws.pick((0, 1, 2)),
        }

    def _callback(self) -> Command | None:
        if not self._makes_sense(ContactState.WAITING, ContactState.SCHEDULED):
            return None
        fields = self._callback_fields()
        contact_id = self._contact(ContactState.WAITING, ContactState.SCHEDULED)
        return RequestCallback(contact_id, request_id=self._request_id(), **fields)  # type: ignore[arg-type]

    def _not_reached(self) -> Command | None:
        if not self._makes_sense(ContactState.ACTIVE):
            return None
        return CompleteContact(self._contact(ContactState.ACTIVE), not_reached=True, request_id=self._request_id())

    def _pick(self) -> Command | None:
        if not self._makes_sense(ContactState.WAITING):
            return None
        asker = self._draws.pick(("", "", "supervisor"))
        return PickContact(self._contact(ContactState.WAITING), self._agent(), asker, request_id=self._request_id())

    def _prefer(self) -> Command | None:
        if not self._makes_sense(ContactState.WAITING, ContactState.OFFERED):
            return None
        agent_ids = self._agent_ids() if self._draws.chance(800) else ()
        return UpdateContact(
            self._contact(ContactState.WAITING, ContactState.OFFERED, ContactState.SCHEDULED),
            preferred_agents=agent_ids,
            preferred_hold_ms=self._draws.pick((-1, 0, 10)),
            only_preferred=bool(agent_ids) and self._draws.chance(200),
            priority=self._worlds.priority() if self._draws.chance(200) else None,
            request_id=self._request_id(),
        )

    def _transfer(self) -> Command | None:
        draws = self._draws
        if not self._makes_sense(ContactState.ACTIVE):
            return None
        contact_id = self._contact(ContactState.ACTIVE)
        known = self._contacts.get(contact_id)
        agent_id = known.agent_id if known is not None and known.agent_id and draws.chance(950) else self._agent()
        roll = draws.below(10)
        if roll < 5:
            return TransferContact(
                contact_id,
                agent_id,
                queue_id=draws.pick(self._worlds.queues) if draws.chance(970) else "no-such-queue",
                requirement=self._worlds.requirement() if draws.chance(300) else None,
                priority=self._worlds.priority() if draws.chance(300) else None,
                restart_wait=draws.chance(300),
                request_id=self._request_id(),
            )
        if roll < 8:
            to_agent_id = self._agent()
            if to_agent_id == agent_id:
                return None
            return TransferContact(contact_id, agent_id, to_agent_id=to_agent_id, request_id=self._request_id())
        consultation_id = self._contact(ContactState.ACTIVE)
        return TransferContact(
            contact_id, agent_id, consultation_contact_id=consultation_id, request_id=self._request_id()
        )

    def _close_queue(self) -> Command:
        queue_id = self._draws.pick(self._worlds.queues) if self._draws.chance(980) else "no-such-queue"
        return CloseQueue(queue_id, request_id=self._request_id())

    def _open_queue(self) -> Command:
        queue_id = self._draws.pick(self._worlds.queues) if self._draws.chance(980) else "no-such-queue"
        return OpenQueue(queue_id, request_id=self._request_id())
