# cython: language_level=3
"""Commands about the policy and the roster: checks that change nothing, then effects."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.string cimport memcmp, memcpy

from acd_core.digest cimport mix
from acd_core.events cimport EventData, new_reference, taken
from acd_core.occupancy cimport occupancy_under
from acd_core.orders cimport name_text, text_named
from acd_core.rules cimport KEPT_ORDER
from acd_core.state cimport breathe, bring_up_to_date
from acd_core.tables cimport same_text
from acd_core.types cimport *

from acd_core.command_checks import parse_cached
from acd_core.limits import SKILLS_PER_TENANT_MAX, Limits
from acd_core.refusal import Reason, Refused

cdef int _SKILLS_MAX = SKILLS_PER_TENANT_MAX

cdef enum:
    MOVED_ONE_BY_ONE = 1000  # of so many contacts matching looks at each, of more at all who wait


cdef class Administration(Segments):
    def __cinit__(self):
        self.limits = Limits()

    @property
    def limits(self):
        return self._limits

    @limits.setter
    def limits(self, limits):
        if not isinstance(limits, Limits):
            raise TypeError("limits must be a Limits")
        self._limits = limits
        self.waiting_limit = limits.waiting_contacts

    # Policy

    cdef int check_apply_policy(self, ApplyPolicy command) except -1:
        policy = command.policy
        if command.expected_version >= 0 and command.expected_version != self.rules.version:
            raise Refused(Reason.POLICY_VERSION_MISMATCH, "expected_version",
                          f"the policy in force is version {self.rules.version}, not {command.expected_version}",
                          {"version": str(self.rules.version)})
        if len(policy.queues) > self._limits.queues:
            raise Refused(Reason.QUEUE_LIMIT, "queues",
                          f"{len(policy.queues)} queues are more than the {self._limits.queues} allowed")
        self._check_in_use(policy)
        names = set()
        for text in _requirements(policy):
            names.update(term.skill for term in parse_cached(text).terms())
        for queue in policy.queues:
            names.update(weight.skill for weight in queue.skill_weights)
        if self.skills.distinct + len(names) > _SKILLS_MAX:
            self._check_policy_skills(policy)
        return 0

    cdef int _check_policy_skills(self, object policy) except -1:
        """The exact check, for when the sum of old and new names passes the bound."""
        texts = {}
        changes = {}
        for each, step in ((self.rules.policy, -1), (policy, 1)):
            for text in _requirements(each):
                texts[text] = texts.get(text, 0) + step
            for queue in each.queues:
                for weight in queue.skill_weights:
                    changes[weight.skill] = changes.get(weight.skill, 0) + step
        for text, change in texts.items():
            slot = 0 if not text else self.skills.requirement_slots.get(text)
            live = 0 if slot is None else self.skills.requirements[<int32_t>slot].live
            step = <int>(live + change > 0) - <int>(live > 0)
            for name in dict.fromkeys(term.skill for term in parse_cached(text).terms()):
                changes[name] = changes.get(name, 0) + step
        if self.skills.distinct_after(changes) > _SKILLS_MAX:
            raise Refused(Reason.SKILL_LIMIT, "queues", f"more than {_SKILLS_MAX} distinct skills would be in use")
        return 0

    cdef int _check_in_use(self, object policy) except -1:
        """Refuse a policy without a channel or queue that is in use; the first user is looked for only then."""
        cdef set channels = {channel.channel_id for channel in policy.channels}
        cdef set queues = {queue.queue_id for queue in policy.queues}
        cdef bint missing = False
        cdef int32_t slot
        cdef Contact* contact
        for slot in range(CHANNELS_BOUND):
            if self.rules.channels[slot].id != NULL and <str>self.rules.channels[slot].id not in channels:
                missing |= self.rules.channels[slot].contacts > 0 or self.rules.channels[slot].maxima > 0
        for queue_id, number in self.rules.queue_slots.items():
            if queue_id not in queues:
                slot = number
                missing |= self.rules.queues[slot].contacts > 0 or self.classes.members[slot].classes > 0
        if not missing:
            return 0
        slot = self.desk.first
        while slot >= 0:
            breathe(self)
            contact = &self.desk.all[slot]
            channel_id = <str>self.rules.channels[contact.channel].id
            queue_id = <str>self.rules.queues[contact.queue].id
            if channel_id not in channels:
                raise Refused(Reason.CHANNEL_IN_USE, "channels",
                              f'contact "{<str>contact.id}" uses the channel "{channel_id}"')
            if queue_id not in queues:
                raise Refused(Reason.QUEUE_IN_USE, "queues", f'contact "{<str>contact.id}" is in the queue "{queue_id}"')
            if contact.second_queue >= 0:
                queue_id = <str>self.rules.queues[contact.second_queue].id
                if queue_id not in queues:
                    raise Refused(Reason.QUEUE_IN_USE, "queues",
                                  f'contact "{<str>contact.id}" is in the queue "{queue_id}" too')
            slot = self.desk.links[slot].later
        slot = self.roster.first
        while slot >= 0:
            breathe(self)
            spec = <object>self.roster.all[slot].spec
            for maximum in spec.channel_maxima:
                if maximum.channel_id not in channels:
                    raise Refused(Reason.CHANNEL_IN_USE, "channels",
                                  f'agent "{spec.agent_id}" has a maximum for the channel "{maximum.channel_id}"')
            for member in spec.memberships:
                if member.queue_id not in queues:
                    raise Refused(Reason.QUEUE_IN_USE, "queues",
                                  f'agent "{spec.agent_id}" is a member of the queue "{member.queue_id}"')
            slot = self.roster.all[slot].later
        raise AssertionError("something is in use but nobody uses it")

    cdef int do_apply_policy(self, ApplyPolicy command) except -1:
        cdef EventData* event
        cdef list lifted
        self._change_time_constant(command.policy.occupancy_time_constant_ms * 1000000)
        lifted = self.put_in_force(command.policy)
        if not self.rules.plans_only_value:
            # Entering plans looks at who waits where.
            self.settle_all(lifted)
            lifted = []
        self.adopt_preference()
        self.rules.version += 1
        event = self.begin(EVENT_POLICY_APPLIED)
        event.policy_version = self.rules.version
        self.event_hash = mix(self.event_hash, <uint64_t>self.rules.version)
        self.adopt_plans()
        return self.settle_all(lifted)

    cdef int _change_time_constant(self, int64_t constant_ns) except -1:
        """All keys of least_occupied as another time constant has them; the old one is still in force."""
        cdef int32_t slot = self.roster.first
        cdef Agent* agent
        if constant_ns == self.rules.occupancy_constant_ns:
            return 0
        while slot >= 0:
            breathe(self)
            agent = &self.roster.all[slot]
            bring_up_to_date(self, agent)
            agent.occupancy_key = occupancy_under(
                agent.occupancy_key, self.now_ns, self.rules.occupancy_constant_ns, constant_ns)
            slot = agent.later
        return 0

    cdef list put_in_force(self, object policy):
        """Apply a policy. Contacts of queues that changed in what orders and classes go by are taken out of order, for
        `settle_all`, and the indexes of agents are built anew if other strategies are in use, or channels changed. What
        stands as it stood before found nobody then, and finds nobody now."""
        cdef bint strategies[16]
        cdef object before = self.rules.policy
        cdef bint room_kept = before is not None and before.channels == policy.channels
        cdef bint indexes_kept = room_kept and before.occupancy_time_constant_ms == policy.occupancy_time_constant_ms
        cdef int32_t slot
        cdef Contact* contact
        cdef int second
        cdef list moved = []
        cdef list everybody = []
        memcpy(strategies, self.rules.strategies, sizeof(strategies))
        self.classes.begin_policy()
        self.rules.note_kept(policy)
        slot = self.desk.first
        while slot >= 0:
            breathe(self)
            everybody.append(slot)
            if not self._is_kept(&self.desk.all[slot]):
                moved.append(slot)
            slot = self.desk.links[slot].later
        # While queues still have what their lines are ordered by.
        if 2 * len(moved) > len(everybody):
            moved = everybody
            self.lift_all()
        else:
            for slot in moved:
                breathe(self)
                self.lift(slot)
        self.rules.apply(policy)
        indexes_kept = indexes_kept and memcmp(strategies, self.rules.strategies, sizeof(strategies)) == 0
        slot = self.desk.first
        while slot >= 0:
            breathe(self)
            contact = &self.desk.all[slot]
            for second in range(2):
                if contact.klass[second] >= 0:
                    self.entry_group(slot, second)  # what a group of the policy before is kept for
            slot = self.desk.links[slot].later
        self.classes.end_policy()
        if not indexes_kept:
            self._rebuild_indexes()
        self.touched_all = self.desk.count > 0 and (not room_kept or len(moved) > MOVED_ONE_BY_ONE)
        if not self.touched_all:
            for slot in moved:
                self.touch(slot)
        return moved

    cdef int settle_all(self, list lifted) except -1:
        """Put those whom `put_in_force` took out of order back in; with that a policy is in force."""
        cdef int32_t slot
        for slot in lifted:
            breathe(self)
            self.settle(slot)
        return self.classes.trim()

    cdef bint _is_kept(self, const Contact* contact) noexcept:
        """Do the queues of a contact go on in what its places in orders and classes depend on."""
        return self.rules.kept[contact.queue] & KEPT_ORDER and (
            contact.second_queue < 0 or self.rules.kept[contact.second_queue] & KEPT_ORDER)

    cdef int _rebuild_indexes(self) except -1:
        cdef int32_t slot
        cdef Agent* agent
        cdef int channel
        self.roster.configure(self.rules.channels_used, self.rules.strategies)
        slot = self.roster.first
        while slot >= 0:
            breathe(self)
            agent = &self.roster.all[slot]
            agent.used = 0
            for channel in range(CHANNELS_BOUND):
                agent.used += agent.count[channel] * self.rules.channels[channel].cost
            self.refresh_room(slot)
            slot = agent.later
        return 0

    # Roster

    cdef int check_upsert_agents(self, UpsertAgents command) except -1:
        cdef int32_t slot
        cdef int32_t index
        cdef int32_t added = 0
        cdef dict changes = {}
        for index, spec in enumerate(command.agents):
            breathe(self)
            for maximum in spec.channel_maxima:
                if self.rules.find_channel(maximum.channel_id) < 0:
                    raise Refused(Reason.UNKNOWN_CHANNEL, f'agents[{index}].channel_maxima["{maximum.channel_id}"]',
                                  f'there is no channel "{maximum.channel_id}"')
            for member in spec.memberships:
                if self.rules.find_queue(member.queue_id) < 0:
                    raise Refused(Reason.UNKNOWN_QUEUE, f'agents[{index}].memberships["{member.queue_id}"]',
                                  f'there is no queue "{member.queue_id}"')
            slot = self.roster.find(spec.agent_id)
            if slot < 0:
                added += 1
            else:
                for name, _ in (<object>self.roster.all[slot].spec).skills:
                    changes[name] = changes.get(name, 0) - 1
            for name, _ in spec.skills:
                changes[name] = changes.get(name, 0) + 1
        if added and self.roster.count + added > self._limits.agents:
            raise Refused(Reason.AGENT_LIMIT, "agents",
                          f"{self.roster.count + added} agents are more than the {self._limits.agents} allowed")
        if self.skills.distinct + len(changes) > _SKILLS_MAX and self.skills.distinct_after(changes) > _SKILLS_MAX:
            raise Refused(Reason.SKILL_LIMIT, "agents", f"more than {_SKILLS_MAX} distinct skills would be in use")
        return 0

    cdef int set_spec(self, int32_t slot, object spec) except -1:
        """Replace what is said of an agent; its class and its place in the indexes follow."""
        cdef Agent* agent = &self.roster.all[slot]
        cdef object old = <object>agent.spec
        cdef int32_t old_class = agent.klass
        cdef int channel
        if agent.room:
            self.roster.set_room(slot, 0)
        for channel in range(CHANNELS_BOUND):
            if agent.maximum[channel] >= 0:
                self.rules.channels[channel].maxima -= 1
                agent.maximum[channel] = -1
        for maximum in spec.channel_maxima:
            channel = self.rules.find_channel(maximum.channel_id)
            agent.maximum[channel] = maximum.maximum
            self.rules.channels[channel].maxima += 1
        agent.capacity = spec.capacity
        agent.weight = spec.weight
        agent.skills = len(spec.skills)
        agent.klass = self.classes.join_agent_class(spec.skills, spec.memberships, self.rules.queue_slots)
        self.roster.reserve_classes(self.classes.agent_class_room)
        for name, _ in spec.skills:
            self.skills.use(name, 1)
        if old_class >= 0:
            if agent.presence != PRESENCE_OFFLINE:
                self.classes.sign(old_class, -1)
                self.classes.sign(agent.klass, 1)
            for name, _ in old.skills:
                self.skills.use(name, -1)
            self.classes.leave_agent_class(old_class)
        Py_INCREF(spec)
        agent.spec = <PyObject*>spec
        Py_DECREF(old)
        return 0

    cdef int do_upsert_agents(self, UpsertAgents command) except -1:
        cdef int32_t slot
        cdef int type
        cdef EventData* event
        for spec in command.agents:
            breathe(self)
            slot = self.roster.find(spec.agent_id)
            type = EVENT_AGENT_ADDED
            if slot < 0:
                slot = self.roster.add(spec.agent_id, self.agents_created)
                self.agents_created += 1
            elif self.roster.all[slot].leaving:
                self.roster.all[slot].leaving = False
            elif <object>self.roster.all[slot].spec == spec:
                continue
            else:
                type = EVENT_AGENT_UPDATED
            self.set_spec(slot, spec)
            self.agent_changed(slot)
            self.gain(slot)
            event = self.agent_event(type, slot)
            event.ordinal = self.roster.all[slot].ordinal
            event.agent = new_reference(spec)
            self.event_hash = mix(self.event_hash, <uint64_t>event.ordinal)
        return 0

    cdef int32_t known_agent(self, str agent_id, str field) except -1:
        """The slot of an agent that is not leaving, or a refusal."""
        cdef Name name
        name_text(<PyObject*>agent_id, &name)
        return self.agent_named(&name, field)

    cdef int32_t agent_named(self, const Name* name, str field) except -1:
        """As `known_agent`."""
        cdef int32_t slot = self.roster.find_named(name)
        if slot < 0 or self.roster.all[slot].leaving:
            raise Refused(Reason.UNKNOWN_AGENT, field, f'there is no agent "{text_named(name)}"')
        return slot

    cdef int check_remove_agents(self, RemoveAgents command) except -1:
        cdef int32_t slot
        for index, agent_id in enumerate(command.agent_ids):
            slot = self.roster.find(agent_id)
            if slot < 0 or self.roster.all[slot].leaving:
                self.known_agent(agent_id, f"agent_ids[{index}]")
        return 0

    cdef int do_remove_agents(self, RemoveAgents command) except -1:
        cdef int32_t slot
        cdef EventData* event
        for agent_id in command.agent_ids:
            breathe(self)
            slot = self.roster.find(agent_id)
            self.release_offers(slot)
            if self.roster.all[slot].presence != PRESENCE_OFFLINE:
                self.change_presence(slot, PRESENCE_OFFLINE, "", CAUSE_REMOVED, 0)
            event = self.agent_event(EVENT_AGENT_REMOVED, slot)
            event.ordinal = self.roster.all[slot].ordinal
            self.event_hash = mix(self.event_hash, <uint64_t>event.ordinal)
            if self.roster.all[slot].holds >= 0:
                self.roster.all[slot].leaving = True
            else:
                self.forget_agent(slot)
        return 0

    cdef int check_heartbeat(self, Heartbeat command) except -1:
        cdef int32_t slot
        for index, agent_id in enumerate(command.agent_ids):
            slot = self.roster.find(agent_id)
            if slot < 0 or self.roster.all[slot].leaving:
                self.known_agent(agent_id, f"agent_ids[{index}]")
        return 0

    cdef int do_heartbeat(self, Heartbeat command) except -1:
        cdef int32_t slot
        for agent_id in command.agent_ids:
            slot = self.roster.find(agent_id)
            if self.roster.all[slot].presence != PRESENCE_OFFLINE and self.roster.all[slot].lease_ms > 0:
                self.arm_lease(slot)
        return 0

    cdef int do_set_presence(self, int32_t slot, const Order* order) except -1:
        cdef Agent* agent = &self.roster.all[slot]
        cdef int64_t lease_ms = 0
        if order.presence != PRESENCE_OFFLINE:
            lease_ms = order.lease_ms if order.lease_ms else self.rules.presence_lease_ms
        if agent.presence == order.presence and same_text(agent.reason, order.reason):
            agent.lease_ms = lease_ms
            return self.arm_lease(slot)
        return self.change_presence(slot, order.presence, <str>order.reason, CAUSE_REQUESTED, lease_ms)


def _requirements(policy):
    """The texts of all requirements that a policy has."""
    texts = [queue.requirement for queue in policy.queues]
    texts += [step.requirement for plan in policy.plans for step in plan.steps]
    return texts
