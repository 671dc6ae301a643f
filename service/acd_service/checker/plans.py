"""Plans, moves, second queues, full and closed queues, as docs/engine/plans.md has them."""

from collections.abc import Iterator
from dataclasses import replace

from acd_core.enums import (
    ClosingRule,
    ContactState,
    EndCause,
    EndKind,
    EventType,
    MoveCause,
    StepAction,
    TimerKind,
    TreatmentKind,
)
from acd_core.limits import OVERFLOW_QUEUES_MAX, STEPS_JUDGED_MAX
from acd_core.plan import FIELDS_OF_ACTION, VALUE_ACTIONS, WIDENING_ACTIONS, EndWait, PlanStep, StepCondition
from acd_service.checker.effects import NS_PER_MS, Effects
from acd_service.checker.told import NONE
from acd_service.checker.world import Contact

_UNSERVED = (ContactState.WAITING, ContactState.OFFERED)
_NOT_FOR_CALLBACKS = (StepAction.START_TREATMENT, StepAction.OFFER_CALLBACK, StepAction.END_WAIT)


def _action(step: PlanStep) -> tuple[object, ...]:
    """What a step does, apart from when and whether."""
    return (step.action, *(getattr(step, name) for name in FIELDS_OF_ACTION[step.action]))


class Plans(Effects):
    """Walks contacts through their plans and queues."""

    def steps_of(self, contact: Contact) -> tuple[PlanStep, ...]:
        plan_id = self.world.queues[contact.queue_id].spec.plan_id
        return self.world.plans[plan_id] if plan_id else ()

    def change(self, contact: Contact, **values: object) -> None:
        """Set what its places go by."""
        self.world.leave(contact)
        for name, value in values.items():
            setattr(contact, name, value)
        self.world.enter(contact)

    # Going through a plan

    def enter_plan(self, contact: Contact, *, silently: bool = False) -> None:
        self.change(contact, now=contact.base)
        contact.next_step = 0
        contact.steps_taken = []
        self.advance(contact, recall=True, silently=silently)

    def advance(self, contact: Contact, *, recall: bool = False, silently: bool = False) -> None:
        steps = self.steps_of(contact)
        while contact.state in _UNSERVED and contact.next_step < len(steps):
            if self._due_ns(contact, steps) > self.now_ns or self._blocked(contact, steps):
                break
            if self._pass_step(contact, steps, recall=recall, silently=silently):
                return
        self._arm_plan_timer(contact, steps)

    def _due_ns(self, contact: Contact, steps: tuple[PlanStep, ...]) -> int:
        return contact.plan_from_ns + steps[contact.next_step].after_ms * NS_PER_MS

    def _blocked(self, contact: Contact, steps: tuple[PlanStep, ...]) -> bool:
        side_effect = steps[contact.next_step].action not in VALUE_ACTIONS
        due = self._due_ns(contact, steps) <= self.now_ns
        return side_effect and due and contact.state == ContactState.OFFERED

    def _arm_plan_timer(self, contact: Contact, steps: tuple[PlanStep, ...]) -> None:
        key = (TimerKind.PLAN_STEP, contact.ordinal, -1)
        if contact.state not in _UNSERVED or contact.next_step >= len(steps) or self._blocked(contact, steps):
            self.timers.disarm(key)
        elif self.timers.due_ns(key) != self._due_ns(contact, steps):
            self.timers.arm(key, self._due_ns(contact, steps))

    def _pass_step(self, contact: Contact, steps: tuple[PlanStep, ...], *, recall: bool, silently: bool) -> bool:
        """Pass the next step; True if it entered another plan."""
        index = contact.next_step
        step = steps[index]
        contact.next_step = index + 1
        if contact.callback_address and step.action in _NOT_FOR_CALLBACKS:
            return False
        is_value = step.action in VALUE_ACTIONS
        verdict: bool | None = None
        if recall:
            verdict = contact.judged.get(step) if step.condition is not None else None
            known = verdict if verdict is not None else _action(step) in contact.judged
            if not is_value and known:
                contact.steps_taken.append(index)
                return False
        if verdict is None and step.condition is not None:
            verdict = self._holds(contact, step.condition)
            self._remember(contact, step, verdict)
        if verdict is False:
            return False
        contact.steps_taken.append(index)
        if is_value:
            self.change(contact, now=contact.now.after(step))
        else:
            self._remember(contact, _action(step), True)
        if not (is_value and silently):
            self.take(
                EventType.PLAN_STEP_TAKEN,
                contact_id=contact.contact_id,
                queue_id=contact.queue_id,
                step=index,
                cause=step.action,
                text=contact.now.requirement,
                priority=contact.now.priority,
                credit_ms=contact.now.credit_ms,
                tier=contact.now.raised_tier,
                policy_version=self.policy_version,
            )
        if step.action in WIDENING_ACTIONS:
            self.touch(contact)
        return not is_value and self._side_effect(contact, index, step)

    def _remember(self, contact: Contact, what: object, verdict: bool) -> None:
        contact.judged[what] = verdict
        if len(contact.judged) > STEPS_JUDGED_MAX:
            del contact.judged[next(iter(contact.judged))]

    def _holds(self, contact: Contact, condition: StepCondition) -> bool:
        world = self.world
        length_min = condition.queue_length_min
        if length_min is not None and world.others_waiting(contact, contact.queue_id) < length_min:
            return False
        if condition.expected_wait_min_ms is not None:
            expected_ns = self._expected_ns(contact)
            if expected_ns == NONE or expected_ns < condition.expected_wait_min_ms * NS_PER_MS:
                return False
        if condition.nobody_signed_on:
            return not any(
                agent.signed_on() and world.reaches_by_any(agent, contact) for agent in world.agents.values()
            )
        return True

    def _expected_ns(self, contact: Contact) -> int:
        """Nothing is known of an offered contact's wait."""
        if contact.state != ContactState.WAITING:
            return NONE
        return self.told.expected_wait_ns(self.world, contact, self.now_ns)

    def _side_effect(self, contact: Contact, index: int, step: PlanStep) -> bool:
        """Carry out a side effect; True if the contact entered another plan or its wait is over."""
        match step.action:
            case StepAction.START_TREATMENT:
                treatment = step.treatment or TreatmentKind.ANNOUNCEMENT
                self._tell_caller(EventType.TREATMENT_STARTED, contact, index, step.name, cause=treatment)
            case StepAction.OFFER_CALLBACK:
                self._tell_caller(EventType.CALLBACK_OFFERED, contact, index, step.name)
            case StepAction.END_WAIT:
                assert step.end is not None
                self.end_wait(contact, step.end, EndCause.TIMED_OUT)
                return True
            case StepAction.ADD_QUEUE:
                self._add_queue(contact, step.queue_id)
            case StepAction.MOVE_TO_QUEUE:
                return self._move_by_step(contact, step)
        return False

    def _tell_caller(self, kind: EventType, contact: Contact, index: int, name: str, **fields: object) -> None:
        self.take(
            kind,
            contact_id=contact.contact_id,
            queue_id=contact.queue_id,
            step=index,
            text=name,
            position=self.world.position(contact),
            wait_ns=self._expected_ns(contact),
            **fields,
        )

    def _add_queue(self, contact: Contact, queue_id: str) -> None:
        if queue_id in (contact.queue_id, contact.second_id):
            return
        if queue_id in self.world.closed_queues or self.full(contact, queue_id):
            return
        self.change(contact, second_id=queue_id)
        self._tell_moved(contact, MoveCause.STEP)
        self.touch(contact)

    def _move_by_step(self, contact: Contact, step: PlanStep) -> bool:
        found, end, refusal = self.follow(contact, step.queue_id)
        if end is not None:
            self.end_wait(contact, end, refusal)
            return True
        if not found or (found == contact.queue_id and not step.restart_wait):
            return False
        self.move(contact, found, MoveCause.STEP, restart_wait=step.restart_wait)
        return True

    def end_wait(self, contact: Contact, end: EndWait, hung_up: EndCause) -> None:
        self.take(
            EventType.WAIT_ENDED,
            contact_id=contact.contact_id,
            queue_id=contact.queue_id,
            cause=end.kind,
            text=end.target,
        )
        self.close(contact, hung_up if end.kind is EndKind.HANG_UP else EndCause.OVERFLOWED)

    # Moves

    def _tell_moved(self, contact: Contact, cause: MoveCause) -> None:
        self.take(
            EventType.CONTACT_MOVED,
            contact_id=contact.contact_id,
            queue_id=contact.queue_id,
            text=contact.second_id,
            cause=cause,
            wait_ns=self.now_ns - contact.arrived_ns,
        )

    def move(
        self, contact: Contact, queue_id: str, cause: MoveCause, *, restart_wait: bool = False, enter: bool = True
    ) -> None:
        second_id = "" if contact.second_id == queue_id else contact.second_id
        arrived_ns = self.now_ns if restart_wait else contact.arrived_ns
        if restart_wait:
            contact.plan_from_ns = self.now_ns
        base = replace(contact.now, raised_tier=-1)
        self.change(contact, base=base, queue_id=queue_id, second_id=second_id, arrived_ns=arrived_ns)
        self.forget_prediction(contact)
        self._tell_moved(contact, cause)
        self.touch(contact)
        if enter:
            self.enter_plan(contact)

    def full(self, contact: Contact, queue_id: str) -> bool:
        most = self.world.queues[queue_id].spec.max_waiting
        return most is not None and self.world.others_waiting(contact, queue_id) >= most

    def follow(self, contact: Contact, queue_id: str) -> tuple[str, EndWait | None, EndCause]:
        """A queue followed through overflow: where it ends, or the end of the wait, and the refusal it stands for."""
        left = 0
        while True:
            closed = queue_id in self.world.closed_queues
            if not closed and not self.full(contact, queue_id):
                return queue_id, None, EndCause.REFUSED_FULL
            refusal = EndCause.REFUSED_CLOSED if closed else EndCause.REFUSED_FULL
            overflow = self.world.queues[queue_id].spec.overflow
            if overflow is None or left >= OVERFLOW_QUEUES_MAX:
                return "", None, refusal
            if overflow.end is not None:
                return "", overflow.end, refusal
            left += 1
            queue_id = overflow.queue_id

    # Full and closed

    def leave_closed_queues(self, contact: Contact, left: int = 0) -> int:
        """At arrival; returns how many queues have been left behind."""
        while contact.state == ContactState.WAITING and contact.queue_id in self.world.closed_queues:
            overflow = self.world.queues[contact.queue_id].spec.overflow
            if overflow is None or left >= OVERFLOW_QUEUES_MAX:
                self.close(contact, EndCause.REFUSED_CLOSED)
            elif overflow.end is not None:
                self.end_wait(contact, overflow.end, EndCause.REFUSED_CLOSED)
            else:
                left += 1
                self.move(contact, overflow.queue_id, MoveCause.CLOSED, enter=False)
        return left

    def leave_full_queues(self, contact: Contact) -> Iterator[None]:
        """After matching: a newcomer who still waits finds the centre or its queue full. Match at each step."""
        most = self.world.policy.max_waiting
        if contact.state == ContactState.WAITING and most is not None and self.world.waiting - 1 >= most:
            self.close(contact, EndCause.REFUSED_FULL)
        left = 0
        while contact.state == ContactState.WAITING and self.full(contact, contact.queue_id):
            overflow = self.world.queues[contact.queue_id].spec.overflow
            if overflow is None or left >= OVERFLOW_QUEUES_MAX:
                self.close(contact, EndCause.REFUSED_FULL)
            elif overflow.end is not None:
                self.end_wait(contact, overflow.end, EndCause.REFUSED_FULL)
            else:
                left += 1
                self.move(contact, overflow.queue_id, MoveCause.FULL, enter=False)
                left = self.leave_closed_queues(contact, left)
                if contact.state == ContactState.WAITING:
                    self.enter_plan(contact)
                yield

    def releases(self, queue_id: str) -> bool:
        closed = queue_id in self.world.closed_queues
        return closed and self.world.queues[queue_id].spec.at_closing is ClosingRule.RELEASE

    def release_at_closing(self, contact: Contact, queue_id: str) -> None:
        """Of a contact that waits in a closed queue."""
        if contact.state != ContactState.WAITING or contact.callback_address:
            return
        if contact.second_id == queue_id:
            self.change(contact, second_id="")
            self._tell_moved(contact, MoveCause.CLOSED)
        elif contact.queue_id == queue_id and contact.second_id:
            self.move(contact, contact.second_id, MoveCause.CLOSED)
        elif contact.queue_id == queue_id:
            found, end, refusal = self.follow(contact, queue_id)
            if found:
                self.move(contact, found, MoveCause.CLOSED)
            elif end is not None:
                self.end_wait(contact, end, refusal)
            else:
                self.close(contact, EndCause.REFUSED_CLOSED)

    def wait_again(self, contact: Contact) -> None:
        if contact.window_end_ns and contact.window_end_ns <= self.now_ns:
            self.close(contact, EndCause.TIMED_OUT)
            return
        for queue_id in (contact.queue_id, contact.second_id):
            if queue_id and self.releases(queue_id):
                self.release_at_closing(contact, queue_id)
        if contact.state == ContactState.WAITING:
            self.advance(contact)
