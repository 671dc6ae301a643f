# cython: language_level=3
"""Plans and the values that they set (docs/engine/plans.md)."""

from functools import lru_cache

from libc.string cimport memmove, memset
from libc.stdlib cimport realloc

from acd_core.digest cimport mix, text_word
from acd_core.estimates cimport Estimate
from acd_core.events cimport EventData, taken
from acd_core.overflow cimport FOLLOWED_TO_END, FOLLOWED_TO_REFUSAL, Followed
from acd_core.programs cimport OP_TERM
from acd_core.rules cimport KEPT_PLAN, Plan, Step
from acd_core.skills cimport Requirement
from acd_core.state cimport breathe, entry_queue, steps_taken, tier_limit, took_step, wants
from acd_core.types cimport *
from acd_core.waiting cimport take_step, trail_of

from acd_core.command_checks import parse_own_cached
from acd_core.limits import CREDIT_MS_MAX, STEPS_JUDGED_MAX
from acd_core.requirement import lowered, without_skill

cdef int64_t _CREDIT_MAX = CREDIT_MS_MAX
cdef int32_t _JUDGED_MAX = STEPS_JUDGED_MAX


@lru_cache(maxsize=16_384)
def _lowered_text(text, skill, level):
    """The text of a requirement after a level was lowered; as it was if nothing changed."""
    before = parse_own_cached(text)
    after = lowered(before, skill, level)
    return text if after == before else str(after)


@lru_cache(maxsize=16_384)
def _text_without(text, skill):
    """The text of a requirement after a skill was dropped; as it was if nothing changed."""
    before = parse_own_cached(text)
    after = without_skill(before, skill)
    return text if after == before else str(after)


cdef inline bint _is_value(int action) noexcept nogil:
    return action <= STEP_SET_PRIORITY


cdef Judged* _judged(const Trail* trail, uint64_t word) noexcept nogil:
    cdef int32_t index
    if trail == NULL:
        return NULL
    for index in range(trail.judged_count):
        if trail.judged[index].word == word:
            return &trail.judged[index]
    return NULL


cdef int judge(Trail* trail, uint64_t word, int64_t verdict) except -1:
    """Remember a word with its latest verdict; a known one keeps its place, the oldest goes at the bound."""
    cdef Judged* known = _judged(trail, word)
    cdef void* grown
    if known != NULL:
        known.verdict = verdict
        return 0
    if trail.judged_count == _JUDGED_MAX:
        memmove(trail.judged, trail.judged + 1, <size_t>(trail.judged_count - 1) * sizeof(Judged))
        trail.judged_count -= 1
    if trail.judged_count == trail.judged_room:
        grown = realloc(trail.judged, <size_t>(trail.judged_room * 2 or 4) * sizeof(Judged))
        if grown == NULL:
            raise MemoryError
        trail.judged = <Judged*>grown
        trail.judged_room = trail.judged_room * 2 or 4
    trail.judged[trail.judged_count].word = word
    trail.judged[trail.judged_count].verdict = verdict
    trail.judged_count += 1
    return 0


cdef class Plans(Overflow):
    # Values

    cdef int set_requirement(self, int32_t contact, int32_t requirement) except -1:
        """Set the requirement now of a contact that is in no order."""
        cdef Contact* asking = &self.desk.all[contact]
        self.skills.hold(requirement)
        self.skills.release(asking.requirement)
        asking.requirement = requirement
        return 0

    cdef int _fold_step(self, int32_t contact, const Step* step) except -1:
        cdef Contact* asking = &self.desk.all[contact]
        if step.action == STEP_SET_REQUIREMENT:
            self.set_requirement(contact, step.requirement)
        elif step.action == STEP_LOWER_LEVEL or step.action == STEP_DROP_SKILL:
            if self._rewrites(asking.requirement, step):
                text = <str>self.skills.requirements[asking.requirement].text
                skill = <str>self.skills.skills[step.skill].name
                self.set_requirement(contact, self.skills.find(
                    _text_without(text, skill) if step.action == STEP_DROP_SKILL
                    else _lowered_text(text, skill, step.level)))
        elif step.action == STEP_RAISE_MAX_TIER:
            asking.raised_tier = max(asking.raised_tier, step.tier)
        elif step.action == STEP_ADD_CREDIT:
            asking.credit_ms = max(-_CREDIT_MAX, min(_CREDIT_MAX, asking.credit_ms + step.credit_ms))
        else:
            asking.priority = step.priority
        return 0

    cdef bint _rewrites(self, int32_t requirement, const Step* step) noexcept:
        """Might lowering a level or dropping a skill make another requirement of this one."""
        cdef const Requirement* program = &self.skills.requirements[requirement]
        cdef int32_t index
        for index in range(program.size):
            if program.ops[index].code == OP_TERM and program.ops[index].skill == step.skill and (
                    step.action == STEP_DROP_SKILL
                    or (program.ops[index].low > step.level and not program.ops[index].outside)):
                return True
        return False

    cdef bint _moves(self, int32_t contact, const Step* step) noexcept:
        """Might a value step change which agents the contact may get."""
        cdef const Contact* asking = &self.desk.all[contact]
        cdef const Queue* queue
        cdef int second
        if step.action == STEP_SET_REQUIREMENT:
            return step.requirement != asking.requirement
        if step.action == STEP_LOWER_LEVEL or step.action == STEP_DROP_SKILL:
            return self._rewrites(asking.requirement, step)
        if step.action == STEP_RAISE_MAX_TIER:
            for second in range(1 if asking.second_queue < 0 else 2):
                queue = &self.rules.queues[entry_queue(asking, second)]
                if queue.listed and step.tier > tier_limit(asking, queue):
                    return True
        return False

    cdef int fold(self, int32_t contact) except -1:
        """Values now from the base values and the value steps taken; the contact is in no order."""
        cdef Contact* asking = &self.desk.all[contact]
        cdef int32_t plan = self.rules.queues[asking.queue].plan
        cdef int32_t index
        self.set_requirement(contact, asking.base_requirement)
        asking.priority = asking.base_priority
        asking.credit_ms = asking.base_credit_ms
        asking.raised_tier = -1
        if plan < 0:
            return 0
        for index in range(self.rules.plans[plan].size):
            if took_step(asking, index) and _is_value(self.rules.plans[plan].steps[index].action):
                self._fold_step(contact, &self.rules.plans[plan].steps[index])
        return 0

    # Going through a plan

    cdef int enter_plan(self, int32_t contact, bint quiet) except -1:
        """Begin the plan of the home queue, recalling what was judged and done before."""
        self.forget_steps(contact, not quiet)
        return self.advance(contact, True, quiet)

    cdef int forget_steps(self, int32_t contact, bint settle) except -1:
        """The values now are the base values, and no step is taken. The caller may see to the settling."""
        cdef Contact* asking = &self.desk.all[contact]
        if asking.requirement != asking.base_requirement or asking.priority != asking.base_priority or \
                asking.credit_ms != asking.base_credit_ms or asking.raised_tier >= 0:
            self.lift(contact)
            self.set_requirement(contact, asking.base_requirement)
            asking.priority = asking.base_priority
            asking.credit_ms = asking.base_credit_ms
            asking.raised_tier = -1
            if settle:
                self.settle(contact)
        asking.next_step = 0
        asking.taken = 0
        if asking.trail != NULL:
            memset(asking.trail.later_taken, 0, sizeof(asking.trail.later_taken))
        return 0

    cdef int advance(self, int32_t contact, bint recall, bint quiet) except -1:
        """Pass the steps that are due and not blocked, then arm the timer of the next."""
        cdef Contact* asking = &self.desk.all[contact]
        cdef int64_t ordinal = asking.ordinal
        cdef int32_t plan = self.rules.queues[asking.queue].plan
        cdef int64_t due_ns = 0
        cdef int32_t index
        cdef bint left = False
        while plan >= 0 and asking.next_step < self.rules.plans[plan].size and (
                asking.state == STATE_WAITING or asking.state == STATE_OFFERED):
            index = asking.next_step
            due_ns = asking.plan_from_ns + self.rules.plans[plan].steps[index].after_ns
            left = due_ns > self.now_ns
            if left or (asking.state == STATE_OFFERED and not _is_value(self.rules.plans[plan].steps[index].action)):
                break
            if self._pass_step(contact, index, recall, quiet):
                return 0
            asking = &self.desk.all[contact]
            if asking.ordinal != ordinal:
                return 0
        if quiet:
            self.settle(contact)
        if left and asking.plan_timer >= 0 and self.timers.all[asking.plan_timer].due_ns == due_ns:
            return 0
        if left:
            asking.plan_timer = self.timers.arm(asking.plan_timer, due_ns, TIMER_PLAN_STEP, contact, -1, -1, -1)
        elif asking.plan_timer >= 0:
            self.timers.disarm(asking.plan_timer)
            asking.plan_timer = -1
        return 0

    cdef int _pass_step(self, int32_t contact, int32_t index, bint recall, bint quiet) except -1:
        """Pass one step; 1 if the contact entered another plan or ended."""
        cdef Contact* asking = &self.desk.all[contact]
        cdef const Step* step = &self.rules.plans[self.rules.queues[asking.queue].plan].steps[index]
        cdef bint value = _is_value(step.action)
        cdef bint moves
        cdef Judged* known = NULL
        cdef EventData* event
        asking.next_step = index + 1
        if step.action >= STEP_START_TREATMENT and self.is_callback(contact):
            return 0
        if recall:
            if step.conditional:
                known = _judged(asking.trail, step.step_word)
            if known != NULL:
                if not known.verdict:
                    return 0
            if not value and (known != NULL or _judged(asking.trail, step.action_word) != NULL):
                take_step(asking, index)
                return 0
        if quiet and (step.conditional or not value):
            self.settle(contact)
        if step.conditional and known == NULL:
            if not self._condition_holds(contact, step):
                judge(trail_of(asking), step.step_word, 0)
                return 0
            judge(trail_of(asking), step.step_word, 1)
        take_step(asking, index)
        if value:
            moves = self._moves(contact, step)
            if moves:
                self.desk.leave(contact)
            elif step.action > STEP_RAISE_MAX_TIER:
                self.lift(contact)
            self._fold_step(contact, step)
            if moves:
                self.touch(contact)
                self.reach_changed(contact)
            if quiet:
                return 0
            if moves or step.action > STEP_RAISE_MAX_TIER:
                self.settle(contact)
        else:
            judge(trail_of(asking), step.action_word, 1)
        event = self.contact_event(EVENT_PLAN_STEP_TAKEN, contact)
        event.queue_id = taken(self.rules.queues[asking.queue].id)
        event.step = index
        event.cause = step.action
        event.text = taken(self.skills.requirements[asking.requirement].text)
        event.priority = asking.priority
        event.credit_ms = asking.credit_ms
        event.tier = asking.raised_tier
        event.policy_version = self.rules.version
        self.event_hash = mix(mix(mix(mix(self.event_hash, self.rules.queues[asking.queue].id_word), <uint64_t>index),
                                  <uint64_t>step.action), self.skills.requirements[asking.requirement].text_word)
        self.event_hash = mix(mix(mix(mix(self.event_hash, <uint64_t>asking.priority), <uint64_t>asking.credit_ms),
                                  <uint64_t><int64_t>asking.raised_tier), <uint64_t>self.rules.version)
        return 0 if value else self._carry_out(contact, index, step)

    cdef bint _condition_holds(self, int32_t contact, const Step* step) except -1:
        cdef const Contact* asking = &self.desk.all[contact]
        cdef int64_t others = self.rules.queues[asking.queue].waiting
        cdef Estimate found
        if step.queue_length_min >= 0:
            if asking.line[0] >= 0:
                others -= 1
            if others < step.queue_length_min:
                return False
        if step.expected_wait_ns >= 0:
            self.estimate(contact, &found)
            if found.expected_ns < 0 or found.expected_ns < step.expected_wait_ns:
                return False
        if step.nobody_signed_on:
            if self.anyone_signed_on(contact, 0) or (asking.second_queue >= 0 and self.anyone_signed_on(contact, 1)):
                return False
        return True

    cdef int _emit_told(self, int type, int32_t contact, int32_t index, const Step* step) except -1:
        """TREATMENT_STARTED or CALLBACK_OFFERED, with what the caller can be told."""
        cdef EventData* event = self.contact_event(type, contact)
        cdef const Queue* queue = &self.rules.queues[self.desk.all[contact].queue]
        cdef Estimate found
        cdef uint64_t value
        self.estimate(contact, &found)
        event.queue_id = taken(queue.id)
        event.step = index
        event.text = taken(step.text)
        event.position = found.position
        event.wait_ns = found.expected_ns
        value = mix(mix(self.event_hash, queue.id_word), <uint64_t>index)
        if type == EVENT_TREATMENT_STARTED:
            event.cause = step.what
            value = mix(value, <uint64_t>step.what)
        value = mix(mix(value, text_word(<str>step.text)), <uint64_t>found.position)
        self.event_hash = mix(value, <uint64_t>found.expected_ns)
        return 0

    cdef int _carry_out(self, int32_t contact, int32_t index, const Step* step) except -1:
        """A side effect; 1 if the contact entered another plan or ended."""
        cdef Contact* asking = &self.desk.all[contact]
        cdef Followed found
        if step.action == STEP_START_TREATMENT:
            self._emit_told(EVENT_TREATMENT_STARTED, contact, index, step)
            return 0
        if step.action == STEP_OFFER_CALLBACK:
            self._emit_told(EVENT_CALLBACK_OFFERED, contact, index, step)
            return 0
        if step.action == STEP_END_WAIT:
            self.end_wait(contact, step.what, <str>step.text, END_TIMED_OUT)
            return 1
        if step.action == STEP_ADD_QUEUE:
            if step.queue == asking.queue or step.queue == asking.second_queue or \
                    self.rules.queues[step.queue].closed or self.is_full(contact, step.queue):
                return 0
            self.lift(contact)
            if asking.second_queue >= 0:
                self.rules.queues[asking.second_queue].contacts -= 1
            asking.second_queue = step.queue
            self.rules.queues[step.queue].contacts += 1
            self.settle(contact)
            self.emit_moved(contact, MOVE_STEP)
            self.touch(contact)
            self.reach_changed(contact)
            return 0
        self.follow(contact, step.queue, &found)
        if found.outcome == FOLLOWED_TO_REFUSAL:
            return 0
        if found.outcome == FOLLOWED_TO_END:
            self.end_by_overflow(contact, found.queue, found.closed)
            return 1
        if found.queue == asking.queue and not step.restart_wait:
            return 0
        self.move(contact, found.queue, MOVE_STEP, step.restart_wait, True)
        return 1

    cdef int waits_again(self, int32_t contact) except -1:
        cdef Contact* waiting = &self.desk.all[contact]
        cdef int64_t ordinal = waiting.ordinal
        cdef int32_t home = waiting.queue
        if not self.is_callback(contact):
            if self.rules.queues[home].closed and self.rules.queues[home].at_closing == CLOSING_RELEASE:
                self.release_at_closing(contact, home)
                waiting = &self.desk.all[contact]
                if waiting.ordinal != ordinal:
                    return 0
            if waiting.second_queue >= 0 and self.rules.queues[waiting.second_queue].closed and \
                    self.rules.queues[waiting.second_queue].at_closing == CLOSING_RELEASE:
                self.release_at_closing(contact, waiting.second_queue)
                waiting = &self.desk.all[contact]
                if waiting.ordinal != ordinal:
                    return 0
        return self.advance(contact, False, False)

    # Timers and policies

    cdef int fire_wait(self, int kind, int32_t contact) except -1:
        if kind == TIMER_PLAN_STEP:
            self.timers.disarm(self.desk.all[contact].plan_timer)
            self.desk.all[contact].plan_timer = -1
            return self.advance(contact, False, False)
        raise AssertionError("a timer of no known kind")

    cdef int adopt_plans(self) except -1:
        """After a new policy: the plans of all who wait or are offered are entered anew."""
        cdef int32_t contact = self.desk.first
        cdef list asking = []
        cdef Contact* asked
        cdef int32_t requirement
        cdef int64_t ordinal, priority, credit_ms
        cdef int raised
        while contact >= 0:
            breathe(self)
            if self.desk.all[contact].state == STATE_WAITING or self.desk.all[contact].state == STATE_OFFERED:
                if not self._is_through(contact):
                    asking.append(contact)
            elif self.desk.all[contact].state == STATE_SCHEDULED:
                self.forget_steps(contact, True)
            contact = self.desk.links[contact].later
        for contact in asking:
            breathe(self)
            asked = &self.desk.all[contact]
            ordinal = asked.ordinal
            text = <str>self.skills.requirements[asked.requirement].text
            priority = asked.priority
            credit_ms = asked.credit_ms
            raised = asked.raised_tier
            self.enter_plan(contact, True)
            asked = &self.desk.all[contact]
            if asked.ordinal == ordinal and (
                    <str>self.skills.requirements[asked.requirement].text != text or asked.priority != priority
                    or asked.credit_ms != credit_ms or asked.raised_tier != raised):
                self.touch(contact)
                self.emit_updated(contact)
        return 0

    cdef bint _is_through(self, int32_t contact) noexcept:
        """Would a contact that enters the plan of its queue anew come to stand where it stands."""
        cdef const Contact* asking = &self.desk.all[contact]
        cdef int32_t plan = self.rules.queues[asking.queue].plan
        cdef int32_t size = self.rules.plans[plan].size if plan >= 0 else 0
        return (self.rules.kept[asking.queue] & KEPT_PLAN and steps_taken(asking) == asking.next_step
                and (asking.plan_timer >= 0) == (asking.next_step < size))

    cdef int emit_updated(self, int32_t contact) except -1:
        cdef EventData* event = self.contact_event(EVENT_CONTACT_UPDATED, contact)
        cdef const Contact* updated = &self.desk.all[contact]
        event.text = taken(self.skills.requirements[updated.requirement].text)
        event.priority = updated.priority
        event.credit_ms = updated.credit_ms
        event.tier = updated.raised_tier
        event.attributes = taken(updated.attributes)
        self.event_hash = mix(
            mix(mix(mix(self.event_hash, self.skills.requirements[updated.requirement].text_word),
                    <uint64_t>updated.priority), <uint64_t>updated.credit_ms),
            <uint64_t><int64_t>updated.raised_tier)
        return 0
