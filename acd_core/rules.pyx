# cython: language_level=3
"""The policy in force, as C structs: a queue or channel keeps its slot for as long as policies name it."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from acd_core.digest cimport text_word
from acd_core.orders cimport is_named, slot_named
from acd_core.skills cimport drop_weights, weights_of
from acd_core.tables cimport same_text, table_add_text, table_clear, table_drop, table_init, text_key
from acd_core.types cimport CHANNELS_BOUND, MEMBERSHIP_LISTED, OUTCOME_BUSY, OUTCOME_DECLINED, OUTCOME_MISSED, \
    OUTCOME_UNREACHABLE, STEP_SET_PRIORITY, STRATEGY_BROADCAST, Weight
from acd_core.waiting cimport put_object

from acd_core.limits import TIER_MAX
from acd_core.plan import action_word, step_word


cdef void _free_steps(Plan* plan) noexcept:
    cdef int32_t number
    for number in range(plan.size):
        put_object(&plan.steps[number].text, None)
    free(plan.steps)


cdef bint _is_kept(const Queue* queue, int32_t requirement, object spec) except -1:
    cdef bint broadcast = spec.strategy == STRATEGY_BROADCAST
    return (
        queue.requirement == requirement
        and queue.credit_ms == spec.credit_ms
        and queue.rate == spec.rate
        and queue.max_tier == (TIER_MAX if spec.max_tier is None else spec.max_tier)
        and queue.listed == (spec.membership == MEMBERSHIP_LISTED)
        and (queue.strategy == STRATEGY_BROADCAST) == broadcast
        and (not broadcast or queue.broadcast_to == spec.broadcast_to)
    )


cdef class Rules:
    def __cinit__(self, Skills skills not None, Classes classes not None):
        self.skills = skills
        self.classes = classes
        self.queue_free = []
        self.queue_slots = {}
        table_init(&self.queue_ids)

    def __dealloc__(self):
        cdef int32_t slot
        for slot in range(self.queue_room):
            if self.queues[slot].id != NULL:
                Py_DECREF(<object>self.queues[slot].id)
                if self.queues[slot].overflow_target != NULL:
                    Py_DECREF(<object>self.queues[slot].overflow_target)
                free(self.queues[slot].weights)
        for slot in range(self.plan_count):
            _free_steps(&self.plans[slot])
        free(self.plans)
        for slot in range(CHANNELS_BOUND):
            if self.channels[slot].id != NULL:
                Py_DECREF(<object>self.channels[slot].id)
        table_clear(&self.queue_ids)
        free(self.queues)
        free(self.kept)

    cdef int32_t find_queue(self, str queue_id) except -2:
        """The slot of a queue, or -1."""
        slot = self.queue_slots.get(queue_id)
        return -1 if slot is None else slot

    cdef int32_t queue_named(self, const Name* name) except -2:
        """As `find_queue`, for a name in `queue_ids`."""
        return slot_named(&self.queue_ids, name, self.queues, sizeof(Queue))

    cdef int32_t find_channel(self, str channel_id) except -2:
        """The slot of a channel, or -1."""
        cdef int32_t slot
        for slot in range(CHANNELS_BOUND):
            if self.channels[slot].id != NULL and same_text(self.channels[slot].id, <PyObject*>channel_id):
                return slot
        return -1

    cdef int32_t channel_named(self, const Name* name) except -2:
        """As `find_channel`."""
        cdef int32_t slot
        for slot in range(CHANNELS_BOUND):
            if self.channels[slot].id != NULL and is_named(self.channels[slot].id, name):
                return slot
        return -1

    cdef int note_kept(self, object policy) except -1:
        """Find what of its queues a policy leaves as it is. Those it does not have yet come to have nothing kept."""
        cdef int32_t slot, requirement
        if self.queue_room:
            memset(self.kept, 0, <size_t>self.queue_room)
        for spec in policy.queues:
            known = self.queue_slots.get(spec.queue_id)
            if known is None:
                continue
            slot = known
            requirement = self.skills.requirement_slots.get(spec.requirement, -1) if spec.requirement else 0
            if _is_kept(&self.queues[slot], requirement, spec):
                self.kept[slot] = KEPT_ORDER
        if self.policy is not None:
            self._note_plans(self.policy, policy)
        return 0

    cdef int apply(self, object policy) except -1:
        """Put a policy in force. What it no longer names must not be in use."""
        cdef int outcome
        self._apply_channels(policy.channels)
        self._apply_queues(policy.queues, policy.plans)
        self.tier_first = policy.tier_first
        self.short_abandon_ms = policy.short_abandon_ms
        self.presence_lease_ms = policy.presence_lease_ms
        self.reattach_ms = policy.reattach_ms
        self.max_waiting = -1 if policy.max_waiting is None else policy.max_waiting
        self.occupancy_constant_ns = policy.occupancy_time_constant_ms * 1000000
        self.last_agent_window_ns = policy.preference.last_agent_window_ms * 1000000
        self.agent_of_other_contact = policy.preference.agent_of_other_contact
        self.hold_ms = policy.preference.hold_ms
        self.attempts_max = policy.callback.attempts_max
        self.retry_delay_ns = policy.callback.retry_delay_ms * 1000000
        self.first_channel = self.find_channel(policy.channels[0].channel_id)
        outcomes = policy.offer_outcomes
        for outcome, spec in (
            (OUTCOME_DECLINED, outcomes.declined),
            (OUTCOME_BUSY, outcomes.busy),
            (OUTCOME_UNREACHABLE, outcomes.unreachable),
            (OUTCOME_MISSED, outcomes.missed),
        ):
            self.outcomes[outcome].exclude_ms = spec.exclude_ms
            self.outcomes[outcome].delay_ms = spec.delay_ms
            self.outcomes[outcome].away_after = spec.away_after
        self.policy = policy
        return 0

    cdef int _apply_channels(self, tuple channels) except -1:
        cdef int32_t slot
        cdef Channel* channel
        names = {spec.channel_id for spec in channels}
        for slot in range(CHANNELS_BOUND):
            channel = &self.channels[slot]
            if channel.id != NULL and <str>channel.id not in names:
                if channel.contacts or channel.maxima:
                    raise AssertionError("a channel in use is dropped")
                Py_DECREF(<object>channel.id)
                memset(channel, 0, sizeof(Channel))
                self.channels_used &= ~(1 << slot)
        for spec in channels:
            slot = self.find_channel(spec.channel_id)
            if slot < 0:
                slot = 0
                while self.channels[slot].id != NULL:
                    slot += 1
                Py_INCREF(spec.channel_id)
                self.channels[slot].id = <PyObject*>spec.channel_id
                self.channels[slot].id_word = text_word(spec.channel_id)
                self.channels_used |= 1 << slot
            self.channels[slot].cost = spec.cost
        self.interrupts_used = False
        for spec in channels:
            channel = &self.channels[self.find_channel(spec.channel_id)]
            channel.interrupts = 0
            for other in spec.interrupts:
                channel.interrupts |= 1 << self.find_channel(other)
                self.interrupts_used = True
        return 0

    cdef int _apply_queues(self, tuple queues, tuple plans) except -1:
        cdef Plan* old_plans = self.plans
        cdef int32_t old_count = self.plan_count
        cdef int32_t index
        cdef int32_t slot, requirement
        cdef Queue* queue
        names = {spec.queue_id for spec in queues}
        for queue_id in [name for name in self.queue_slots if name not in names]:
            slot = self.queue_slots.pop(queue_id)
            table_drop(&self.queue_ids, text_key(&self.queue_ids, <PyObject*>queue_id), slot)
            queue = &self.queues[slot]
            if queue.contacts or self.classes.members[slot].classes:
                raise AssertionError("a queue in use is dropped")
            self.skills.release(queue.requirement)
            self._drop_queue(queue)
            Py_DECREF(<object>queue.id)
            memset(queue, 0, sizeof(Queue))
            self.queue_free.append(slot)
        memset(self.strategies, 0, sizeof(self.strategies))
        for spec in queues:
            requirement = self.skills.find(spec.requirement)
            self.skills.hold(requirement)
            known = self.queue_slots.get(spec.queue_id)
            if known is None:
                slot = self._new_queue(spec.queue_id)
                queue = &self.queues[slot]
            else:
                slot = known
                queue = &self.queues[slot]
                self.skills.release(queue.requirement)
            queue.requirement = requirement
            queue.credit_ms = spec.credit_ms
            queue.rate = spec.rate
            queue.offer_timeout_ms = spec.offer_timeout_ms
            queue.wrap_up_ms = spec.wrap_up_ms
            queue.max_waiting = -1 if spec.max_waiting is None else spec.max_waiting
            queue.max_tier = TIER_MAX if spec.max_tier is None else spec.max_tier
            queue.strategy = spec.strategy
            queue.listed = spec.membership == MEMBERSHIP_LISTED
            queue.auto_accept = spec.auto_accept
            queue.group = self.classes.group(queue.rate, slot if queue.listed else -1, requirement, queue.max_tier)
            self.strategies[queue.strategy] = True
            queue.broadcast_to = spec.broadcast_to
            queue.at_closing = spec.at_closing
            queue.hold_ms = -1 if spec.preferred_hold_ms is None else spec.preferred_hold_ms
            self._apply_weights(queue, spec.skill_weights)
        self._compile_plans(plans)
        self._drop_plans(old_plans, old_count)
        slots = {plan.plan_id: index for index, plan in enumerate(plans)}
        for spec in queues:
            queue = &self.queues[<int32_t>self.queue_slots[spec.queue_id]]
            queue.plan = slots[spec.plan_id] if spec.plan_id else -1
            queue.overflow = -1
            put_object(&queue.overflow_target, None)
            if spec.overflow is not None:
                if spec.overflow.queue_id:
                    queue.overflow = self.queue_slots[spec.overflow.queue_id]
                else:
                    queue.overflow_end = spec.overflow.end.kind
                    put_object(&queue.overflow_target, spec.overflow.end.target)
        return 0

    cdef int _note_plans(self, object before, object policy) except -1:
        """Which queues go on with a plan of steps that depend on nothing but time and the values they change."""
        cdef dict old_plans = {plan.plan_id: plan.steps for plan in before.plans}
        cdef dict old_queues = {queue.queue_id: queue.plan_id for queue in before.queues}
        cdef dict plans = {plan.plan_id: plan.steps for plan in policy.plans}
        cdef dict same = {}
        for queue in policy.queues:
            if queue.queue_id not in old_queues:
                continue
            pair = (old_queues[queue.queue_id], queue.plan_id)
            if pair not in same:
                old = old_plans.get(pair[0], ())
                new = plans.get(pair[1], ())
                same[pair] = old == new and all(
                    [step.condition is None and step.action <= STEP_SET_PRIORITY for step in new])
            if same[pair]:
                self.kept[<int32_t>self.queue_slots[queue.queue_id]] |= KEPT_PLAN
        return 0

    cdef int _drop_queue(self, Queue* queue) except -1:
        """Give up what a queue refers to besides its requirement and id."""
        self._apply_weights(queue, ())
        put_object(&queue.overflow_target, None)
        return 0

    cdef int _apply_weights(self, Queue* queue, tuple weights) except -1:
        cdef Weight* old = queue.weights
        cdef int32_t old_count = queue.weight_count
        cdef int32_t index
        queue.weight_count = 0
        queue.weights = NULL
        if weights:
            queue.weights = weights_of(self.skills, weights)
            queue.weight_count = len(weights)
        drop_weights(self.skills, old, old_count)
        return 0

    cdef int _compile_plans(self, tuple plans) except -1:
        cdef Plan* compiled = <Plan*>calloc(max(1, len(plans)), sizeof(Plan))
        cdef int32_t index, number
        if compiled == NULL:
            raise MemoryError
        self.plans = compiled
        self.plan_count = len(plans)
        self.plans_only_value = True
        for index, plan in enumerate(plans):
            compiled[index].steps = <Step*>calloc(max(1, len(plan.steps)), sizeof(Step))
            if compiled[index].steps == NULL:
                raise MemoryError
            for number, spec in enumerate(plan.steps):
                self._compile_step(&compiled[index].steps[number], spec)
                self.plans_only_value &= spec.condition is None and spec.action <= STEP_SET_PRIORITY
                compiled[index].size += 1
        return 0

    cdef int _compile_step(self, Step* step, object spec) except -1:
        condition = spec.condition
        step.after_ns = spec.after_ms * 1000000
        step.action = spec.action
        step.requirement = self.skills.find(spec.requirement)
        self.skills.hold(step.requirement)
        step.skill = self.skills.skill(spec.skill) if spec.skill else -1
        put_object(&step.text, spec.end.target if spec.end is not None else spec.name)
        step.level = spec.level
        step.tier = spec.tier
        step.credit_ms = spec.credit_ms
        step.priority = spec.priority
        step.queue = self.queue_slots[spec.queue_id] if spec.queue_id else -1
        step.restart_wait = spec.restart_wait
        if spec.end is not None:
            step.what = spec.end.kind
        elif spec.treatment is not None:
            step.what = spec.treatment
        step.step_word = step_word(spec)
        step.action_word = action_word(spec)
        step.conditional = condition is not None
        step.queue_length_min = -1
        step.expected_wait_ns = -1
        if condition is not None:
            if condition.queue_length_min is not None:
                step.queue_length_min = condition.queue_length_min
            if condition.expected_wait_min_ms is not None:
                step.expected_wait_ns = condition.expected_wait_min_ms * 1000000
            step.nobody_signed_on = condition.nobody_signed_on
        return 0

    cdef int _drop_plans(self, Plan* plans, int32_t count) except -1:
        cdef int32_t index, number
        for index in range(count):
            for number in range(plans[index].size):
                self.skills.release(plans[index].steps[number].requirement)
                if plans[index].steps[number].skill >= 0:
                    self.skills.unpin_skill(plans[index].steps[number].skill)
            _free_steps(&plans[index])
        free(plans)
        return 0

    cdef int32_t _new_queue(self, str queue_id) except -1:
        cdef int32_t slot, room
        cdef void* grown
        if not self.queue_free:
            room = self.queue_room * 2 or 16
            grown = realloc(self.queues, <size_t>room * sizeof(Queue))
            if grown == NULL:
                raise MemoryError
            self.queues = <Queue*>grown
            grown = realloc(self.kept, <size_t>room)
            if grown == NULL:
                raise MemoryError
            self.kept = <uint8_t*>grown
            memset(self.kept + self.queue_room, 0, <size_t>(room - self.queue_room))
            memset(self.queues + self.queue_room, 0, <size_t>(room - self.queue_room) * sizeof(Queue))
            self.queue_free.extend(range(room - 1, self.queue_room - 1, -1))
            self.queue_room = room
            self.classes.reserve_queues(room)
        slot = self.queue_free.pop()
        self.queue_slots[queue_id] = slot
        table_add_text(&self.queue_ids, text_key(&self.queue_ids, <PyObject*>queue_id), slot, <PyObject*>queue_id)
        Py_INCREF(queue_id)
        self.queues[slot].id = <PyObject*>queue_id
        self.queues[slot].id_word = text_word(queue_id)
        self.queues[slot].last_wait_ns = -1
        self.queues[slot].overflow = -1
        self.queues[slot].plan = -1
        return slot
