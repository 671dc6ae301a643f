from libc.stdint cimport int32_t, int64_t

from acd_core.commands cimport ApplyPolicy, Heartbeat, RemoveAgents, UpsertAgents
from acd_core.orders cimport Name, Order
from acd_core.segments cimport Segments
from acd_core.types cimport Contact


cdef class Administration(Segments):
    cdef object _limits
    cdef int64_t waiting_limit

    cdef int check_apply_policy(self, ApplyPolicy command) except -1
    cdef int do_apply_policy(self, ApplyPolicy command) except -1
    cdef int check_upsert_agents(self, UpsertAgents command) except -1
    cdef int do_upsert_agents(self, UpsertAgents command) except -1
    cdef int check_remove_agents(self, RemoveAgents command) except -1
    cdef int do_remove_agents(self, RemoveAgents command) except -1
    cdef int check_heartbeat(self, Heartbeat command) except -1
    cdef int do_heartbeat(self, Heartbeat command) except -1
    cdef int do_set_presence(self, int32_t slot, const Order* order) except -1
    cdef int32_t known_agent(self, str agent_id, str field) except -1
    cdef int32_t agent_named(self, const Name* name, str field) except -1
    cdef int set_spec(self, int32_t agent, object spec) except -1
    cdef list put_in_force(self, object policy)
    cdef int settle_all(self, list lifted) except -1
    cdef bint _is_kept(self, const Contact* contact) noexcept
    cdef int _rebuild_indexes(self) except -1
    cdef int _change_time_constant(self, int64_t constant_ns) except -1
    cdef int _check_policy_skills(self, object policy) except -1
    cdef int _check_in_use(self, object policy) except -1
