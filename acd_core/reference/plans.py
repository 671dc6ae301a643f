"""Section 8 of the routing model: the steps of plans, moves between queues, the end of a wait, opening and closing."""

from collections.abc import Iterable

from acd_core.command_checks import parse_own_cached
from acd_core.enums import (
    ClosingRule,
    ContactState,
    EndCause,
    EndKind,
    EventType,
    MoveCause,
    StepAction,
    TimerKind,
)
from acd_core.limits import CREDIT_MS_MAX, OVERFLOW_QUEUES_MAX, STEPS_JUDGED_MAX
from acd_core.plan import VALUE_ACTIONS, WIDENING_ACTIONS, EndWait, PlanStep, StepCondition, action_word, step_word
from acd_core.policy import QueueSpec
from acd_core.reference.preference import Preference
from acd_core.reference.records import Contact, Judged
from acd_core.reference.service import UNSERVED
from acd_core.reference.told import NS_IN_MS
from acd_core.requirement import Node, lowered, without_skill

UNHEARD_BY_CALLBACKS = (StepAction.START_TREATMENT, StepAction.OFFER_CALLBACK, StepAction.END_WAIT)
"""Actions for somebody on the line, which a callback has not."""


class Plans(Preference):
    # What a contact asks for

    def fold_base(self, contact: Contact) -> None:
        """Values now are the base values."""
        contact.requirement_now = contact.requirement
        contact.priority_now = contact.priority
        contact.credit_now_ms = contact.credit_ms
        contact.raised_tier = -1

    def fold_step(self, contact: Contact, step: PlanStep) -> None:
        """One value step over the values now."""
        match step.action:
            case StepAction.SET_REQUIREMENT:
                contact.requirement_now = step.requirement
            case StepAction.LOWER_LEVEL:
                node = parse_own_cached(contact.requirement_now)
                self.widen(contact, node, lowered(node, step.skill, step.level))
            case StepAction.DROP_SKILL:
                node = parse_own_cached(contact.requirement_now)
                self.widen(contact, node, without_skill(node, step.skill))
            case StepAction.RAISE_MAX_TIER:
                contact.raised_tier = max(contact.raised_tier, step.tier)
            case StepAction.ADD_CREDIT:
                credit_ms = contact.credit_now_ms + step.credit_ms
                contact.credit_now_ms = max(-CREDIT_MS_MAX, min(CREDIT_MS_MAX, credit_ms))
            case StepAction.SET_PRIORITY:
                contact.priority_now = step.priority
            case _:
                raise AssertionError(f"{step.action.name} is no value step")

    def widen(self, contact: Contact, before: Node, after: Node) -> None:
        if after != before:
            contact.requirement_now = str(after)

    def fold_again(self, contact: Contact) -> None:
        """The steps taken, over base values that were set anew."""
        steps = self.steps_of(contact)
        self.fold_base(contact)
        for index in contact.steps_taken:
            if steps[index].action in VALUE_ACTIONS:
                self.fold_step(contact, steps[index])

    def base_on_values_now(self, contact: Contact) -> None:
        contact.requirement, contact.priority, contact.credit_ms, _ = contact.values_now()

    # Going through a plan

    def steps_of(self, contact: Contact) -> tuple[PlanStep, ...]:
        plan_id = self.queue_of(contact).plan_id
        return self.plans[plan_id].steps if plan_id else ()

    def enter_plan(self, contact: Contact, *, silently: bool = False) -> None:
        """Begin the plan of the home queue: what is due is taken, but for what happened before."""
        contact.plans_entered += 1
        self.forget_steps(contact)
        self.advance(contact, recall=True, silently=silently)

    def forget_steps(self, contact: Contact) -> None:
        """None of its plan is taken; what was judged and happened is remembered."""
        self.fold_base(contact)
        contact.next_step = 0
        contact.steps_taken = []

    def advance(self, contact: Contact, *, recall: bool = False, silently: bool = False) -> None:
        """Take what is due, then wait for the next step."""
        entered = contact.plans_entered
        while (step := self.due_step(contact)) is not None:
            self.pass_step(contact, step, recall=recall, silently=silently)
            if contact.plans_entered != entered:
                return
        if contact.state in UNSERVED:
            self.arm_next_step(contact)

    def arm_next_step(self, contact: Contact) -> None:
        """A timer that runs for the right time already is left as it is."""
        steps = self.steps_of(contact)
        if contact.next_step >= len(steps) or self.blocked(contact, steps[contact.next_step]):
            self.disarm(TimerKind.PLAN_STEP, contact)
            return
        due_ns = self.due_ns(contact, steps[contact.next_step])
        armed = self.armed.get((TimerKind.PLAN_STEP, contact.ordinal, -1))
        if armed is None or armed.due_ns != due_ns:
            self.arm(TimerKind.PLAN_STEP, due_ns, contact)

    def due_ns(self, contact: Contact, step: PlanStep) -> int:
        return contact.plan_from_ns + step.after_ms * NS_IN_MS

    def blocked(self, contact: Contact, step: PlanStep) -> bool:
        """A side effect that is due waits until the contact does."""
        due = self.due_ns(contact, step) <= self.now_ns
        return due and step.action not in VALUE_ACTIONS and contact.state is ContactState.OFFERED

    def due_step(self, contact: Contact) -> PlanStep | None:
        """The next step, if it is to be passed now."""
        steps = self.steps_of(contact)
        if contact.state not in UNSERVED or contact.next_step >= len(steps):
            return None
        step = steps[contact.next_step]
        if self.due_ns(contact, step) > self.now_ns or self.blocked(contact, step):
            return None
        return step

    def pass_step(self, contact: Contact, step: PlanStep, *, recall: bool, silently: bool) -> None:
        index = contact.next_step
        contact.next_step += 1
        side_effect = step.action not in VALUE_ACTIONS
        if self.is_callback(contact) and step.action in UNHEARD_BY_CALLBACKS:
            return
        verdict = self.recalled(contact, step_word(step)) if recall and step.condition is not None else None
        if verdict is not None:
            if verdict and side_effect:
                contact.steps_taken.append(index)
                return
        elif recall and side_effect and self.recalled(contact, action_word(step)) is not None:
            contact.steps_taken.append(index)
            return
        elif step.condition is not None:
            verdict = self.holds(step.condition, contact)
            self.remember_step(contact, step_word(step), taken=verdict)
        if verdict is False:
            return
        self.take_step(contact, step, index, silently=silently)

    def recalled(self, contact: Contact, word: int) -> bool | None:
        return next((judged.taken for judged in contact.judged if judged.word == word), None)

    def remember_step(self, contact: Contact, word: int, *, taken: bool) -> None:
        """Each word once, in the place where it first came."""
        for place, judged in enumerate(contact.judged):
            if judged.word == word:
                contact.judged[place] = Judged(word, taken)
                return
        contact.judged = [*contact.judged, Judged(word, taken)][-STEPS_JUDGED_MAX:]

    def take_step(self, contact: Contact, step: PlanStep, index: int, *, silently: bool) -> None:
        contact.steps_taken.append(index)
        side_effect = step.action not in VALUE_ACTIONS
        if side_effect:
            self.remember_step(contact, action_word(step), taken=True)
        else:
            self.fold_step(contact, step)
            if step.action in WIDENING_ACTIONS:
                self.touch_if_wanting(contact)
        if side_effect or not silently:
            self.emit(
                EventType.PLAN_STEP_TAKEN,
                contact_id=contact.contact_id,
                queue_id=contact.queue_id,
                step=index,
                cause=step.action,
                text=contact.requirement_now,
                priority=contact.priority_now,
                credit_ms=contact.credit_now_ms,
                tier=contact.raised_tier,
                policy_version=self.policy_version,
            )
        if side_effect:
            self.carry_out(contact, step, index)

    # Conditions

    def holds(self, condition: StepCondition, contact: Contact) -> bool:
        return (
            self.long_enough(condition, contact)
            and self.slow_enough(condition, contact)
            and (not condition.nobody_signed_on or self.nobody_signed_on(contact))
        )

    def long_enough(self, condition: StepCondition, contact: Contact) -> bool:
        """At least so many others wait in the home queue."""
        if condition.queue_length_min is None:
            return True
        return self.others_in(contact.queue_id, contact) >= condition.queue_length_min

    def slow_enough(self, condition: StepCondition, contact: Contact) -> bool:
        """The expected wait is known and at least so long."""
        if condition.expected_wait_min_ms is None:
            return True
        return self.estimate_of(contact).expected_wait_ns >= condition.expected_wait_min_ms * NS_IN_MS

    def nobody_signed_on(self, contact: Contact) -> bool:
        return not any(
            self.signed_on(agent) and not agent.leaving and self.able_entry(agent, contact) is not None
            for agent in self.agents_by_ordinal.values()
        )

    # Side effects

    def carry_out(self, contact: Contact, step: PlanStep, index: int) -> None:
        match step.action:
            case StepAction.START_TREATMENT:
                assert step.treatment is not None, "a treatment has a kind"
                self.emit_told(EventType.TREATMENT_STARTED, contact, step, index, cause=step.treatment)
            case StepAction.OFFER_CALLBACK:
                self.emit_told(EventType.CALLBACK_OFFERED, contact, step, index)
            case StepAction.END_WAIT:
                assert step.end is not None, "the end of a wait has a kind"
                self.end_wait(contact, step.end, EndCause.TIMED_OUT)
            case StepAction.ADD_QUEUE:
                self.add_queue(contact, step.queue_id)
            case StepAction.MOVE_TO_QUEUE:
                self.move_by_step(contact, step)
            case _:
                raise AssertionError(f"{step.action.name} is no side effect")

    def emit_told(self, type_: EventType, contact: Contact, step: PlanStep, index: int, **more: int) -> None:
        """An event for the caller's system, with what the caller can be told."""
        estimate = self.estimate_of(contact)
        self.emit(
            type_,
            contact_id=contact.contact_id,
            queue_id=contact.queue_id,
            step=index,
            text=step.name,
            position=estimate.position,
            wait_ns=estimate.expected_wait_ns,
            **more,
        )

    def end_wait(self, contact: Contact, end: EndWait, hang_up: EndCause) -> None:
        """The wait ends without an agent; `hang_up` is what the end is called where the line is cut."""
        self.emit(
            EventType.WAIT_ENDED,
            contact_id=contact.contact_id,
            queue_id=contact.queue_id,
            cause=end.kind,
            text=end.target,
        )
        self.close(contact, hang_up if end.kind is EndKind.HANG_UP else EndCause.OVERFLOWED)

    def add_queue(self, contact: Contact, queue_id: str) -> None:
        taken = (contact.queue_id, contact.second_queue_id)
        if queue_id in taken or self.is_closed(queue_id) or self.is_full(queue_id, contact):
            return
        contact.second_queue_id = queue_id
        self.emit_moved(contact, MoveCause.STEP)
        self.touch_if_wanting(contact)

    def move_by_step(self, contact: Contact, step: PlanStep) -> None:
        to = self.follow(step.queue_id, contact)
        if isinstance(to, EndWait):
            self.end_wait(contact, to, self.refusal_by(step.queue_id, contact))
        elif isinstance(to, QueueSpec) and (to.queue_id != contact.queue_id or step.restart_wait):
            self.move(contact, to.queue_id, MoveCause.STEP, restart_wait=step.restart_wait)

    # Moving

    def emit_moved(self, contact: Contact, cause: MoveCause) -> None:
        self.emit(
            EventType.CONTACT_MOVED,
            contact_id=contact.contact_id,
            queue_id=contact.queue_id,
            text=contact.second_queue_id,
            cause=cause,
            wait_ns=self.now_ns - contact.arrived_ns,
        )

    def move(
        self, contact: Contact, queue_id: str, cause: MoveCause, *, restart_wait: bool = False, enter: bool = True
    ) -> None:
        """Into another home queue; what the contact asks for now is what it asks for from then on."""
        self.base_on_values_now(contact)
        if contact.second_queue_id == queue_id:
            contact.second_queue_id = ""
        contact.queue_id = queue_id
        if restart_wait:
            contact.arrived_ns = contact.plan_from_ns = self.now_ns
        self.forget_prediction(contact)
        self.emit_moved(contact, cause)
        self.touch_if_wanting(contact)
        if enter:
            self.enter_plan(contact)

    # Full and closed queues

    def is_closed(self, queue_id: str) -> bool:
        return queue_id in self.closed_queues

    def others_in(self, queue_id: str, contact: Contact) -> int:
        """Entries of other waiting contacts in a queue."""
        return sum(
            other is not contact and queue_id in (other.queue_id, other.second_queue_id)
            for other in self.waiting_contacts()
        )

    def is_full(self, queue_id: str, contact: Contact) -> bool:
        most = self.queues[queue_id].max_waiting
        return most is not None and self.others_in(queue_id, contact) >= most

    def centre_is_full(self, contact: Contact) -> bool:
        most = self.policy.max_waiting
        return most is not None and sum(other is not contact for other in self.waiting_contacts()) >= most

    def refusal_by(self, queue_id: str, contact: Contact) -> EndCause:
        """What a hang-up is called that this queue, or those it overflows to, brought about."""
        for queue in self.overflowing(queue_id, contact):
            refusal = EndCause.REFUSED_CLOSED if self.is_closed(queue.queue_id) else EndCause.REFUSED_FULL
        return refusal

    def overflowing(self, queue_id: str, contact: Contact) -> Iterable[QueueSpec]:
        """The queues, from this one on through overflow, that do not take the contact."""
        queue = self.queues[queue_id]
        for _ in range(OVERFLOW_QUEUES_MAX):
            if not self.is_closed(queue.queue_id) and not self.is_full(queue.queue_id, contact):
                return
            yield queue
            if queue.overflow is None or queue.overflow.end is not None:
                return
            queue = self.queues[queue.overflow.queue_id]

    def follow(self, queue_id: str, contact: Contact) -> QueueSpec | EndWait | EndCause:
        """Where a contact comes to that is sent to this queue: a queue, the end of its wait, or a refusal."""
        refusing = list(self.overflowing(queue_id, contact))
        if not refusing:
            return self.queues[queue_id]
        overflow = refusing[-1].overflow
        if overflow is not None and overflow.end is not None:
            return overflow.end
        if overflow is None or len(refusing) == OVERFLOW_QUEUES_MAX:
            return self.refusal_by(queue_id, contact)
        return self.queues[overflow.queue_id]

    def pass_closed_queues(self, contact: Contact, left: int) -> int:
        """At arrival: on through closed queues. Returns how many queues it has left; it may have ended."""
        while self.is_closed(contact.queue_id):
            overflow = self.queue_of(contact).overflow
            if overflow is None or left >= OVERFLOW_QUEUES_MAX:
                self.close(contact, EndCause.REFUSED_CLOSED)
                return left
            if overflow.end is not None:
                self.end_wait(contact, overflow.end, EndCause.REFUSED_CLOSED)
                return left
            left += 1
            self.move(contact, overflow.queue_id, MoveCause.CLOSED, enter=False)
        return left

    def settle_full(self, contact: Contact) -> None:
        """A newcomer whom nobody serves at once is sent on, or ends, if its queue or the centre is full without it."""
        if contact.state is ContactState.WAITING and self.centre_is_full(contact):
            self.close(contact, EndCause.REFUSED_FULL)
            return
        left = 0
        while contact.state is ContactState.WAITING and self.is_full(contact.queue_id, contact):
            overflow = self.queue_of(contact).overflow
            if overflow is None or left >= OVERFLOW_QUEUES_MAX:
                self.close(contact, EndCause.REFUSED_FULL)
                return
            if overflow.end is not None:
                self.end_wait(contact, overflow.end, EndCause.REFUSED_FULL)
                return
            self.move(contact, overflow.queue_id, MoveCause.FULL, enter=False)
            left = self.pass_closed_queues(contact, left + 1)
            if contact.state is ContactState.WAITING:
                self.enter_plan(contact)
            self.match()

    def match(self) -> None:
        """Leave no contact that wants with an agent who may serve it."""
        raise NotImplementedError

    def release_at_closing(self, contact: Contact, queue_id: str) -> None:
        """The contact waits in a queue that closes and releases those who wait; callbacks hold no line and stay."""
        if contact.state is not ContactState.WAITING or self.is_callback(contact):
            return
        if contact.second_queue_id == queue_id:
            contact.second_queue_id = ""
            self.emit_moved(contact, MoveCause.CLOSED)
        elif contact.queue_id == queue_id and contact.second_queue_id:
            self.move(contact, contact.second_queue_id, MoveCause.CLOSED)
        elif contact.queue_id == queue_id:
            to = self.follow(queue_id, contact)
            if isinstance(to, QueueSpec):
                self.move(contact, to.queue_id, MoveCause.CLOSED)
            elif isinstance(to, EndWait):
                self.end_wait(contact, to, self.refusal_by(queue_id, contact))
            else:
                self.close(contact, EndCause.REFUSED_CLOSED)

    def releases(self, queue_id: str) -> bool:
        return self.is_closed(queue_id) and self.queues[queue_id].at_closing is ClosingRule.RELEASE

    # Back from an offer

    def waits_again(self, contact: Contact) -> None:
        """An offer ended and the contact waits: what it missed meanwhile comes now."""
        if self.is_callback(contact) and contact.window_end_ns and contact.window_end_ns <= self.now_ns:
            self.close(contact, EndCause.TIMED_OUT)
            return
        for queue_id in (contact.queue_id, contact.second_queue_id):
            if queue_id and self.releases(queue_id):
                self.release_at_closing(contact, queue_id)
        if contact.state is ContactState.WAITING:
            self.advance(contact)
