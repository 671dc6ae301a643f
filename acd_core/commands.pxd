from libc.stdint cimport int64_t, uint64_t


cdef class Command:
    cdef readonly int kind
    cdef readonly str request_id
    cdef int _begin(self, int kind, str request_id) except -1
    cpdef uint64_t content_word(self) except? 0


cdef class Tick(Command):
    pass


cdef class Resume(Command):
    pass


cdef class ApplyPolicy(Command):
    cdef readonly object policy
    cdef readonly int64_t expected_version


cdef class UpsertAgents(Command):
    cdef readonly tuple agents


cdef class RemoveAgents(Command):
    cdef readonly tuple agent_ids


cdef class SetPresence(Command):
    cdef readonly str agent_id
    cdef readonly int presence
    cdef readonly str reason
    cdef readonly int64_t lease_ms


cdef class Heartbeat(Command):
    cdef readonly tuple agent_ids


cdef class EnqueueContact(Command):
    cdef readonly str contact_id
    cdef readonly str queue_id
    cdef readonly str channel_id
    cdef readonly str requirement
    cdef readonly int64_t priority
    cdef readonly int64_t credit_ms
    cdef readonly str customer_id
    cdef readonly bytes attributes
    cdef readonly bint attached
    cdef readonly bint plain  # nothing that stands below is given
    cdef readonly bint only_preferred
    cdef readonly tuple preferred_agents
    cdef readonly int64_t preferred_hold_ms
    cdef readonly str callback_address
    cdef readonly int64_t window_start_ns
    cdef readonly int64_t window_end_ns
    cdef readonly int64_t attempts_max
    cdef readonly str consults_contact_id
    cdef readonly tuple skill_weights


cdef class UpdateContact(Command):
    cdef readonly str contact_id
    cdef readonly object requirement
    cdef readonly object priority
    cdef readonly object credit_ms
    cdef readonly object attributes
    cdef readonly object held
    cdef readonly object preferred_agents
    cdef readonly int64_t preferred_hold_ms
    cdef readonly bint only_preferred


cdef class CancelContact(Command):
    cdef readonly str contact_id
    cdef readonly bint abandoned


cdef class AcceptOffer(Command):
    cdef readonly str contact_id
    cdef readonly str agent_id
    cdef readonly int64_t offer_id


cdef class DeclineOffer(Command):
    cdef readonly str contact_id
    cdef readonly str agent_id
    cdef readonly int64_t offer_id
    cdef readonly int outcome


cdef class CompleteContact(Command):
    cdef readonly str contact_id
    cdef readonly str agent_id
    cdef readonly int64_t wrap_up_ms
    cdef readonly bint not_reached


cdef class FinishWrapUp(Command):
    cdef readonly str agent_id
    cdef readonly str contact_id


cdef class DetachContact(Command):
    cdef readonly str contact_id


cdef class AttachContact(Command):
    cdef readonly str contact_id


cdef class TransferContact(Command):
    cdef readonly str contact_id
    cdef readonly str agent_id
    cdef readonly str queue_id
    cdef readonly str to_agent_id
    cdef readonly str consultation_contact_id
    cdef readonly object requirement
    cdef readonly object priority
    cdef readonly bint restart_wait


cdef class PickContact(Command):
    cdef readonly str contact_id
    cdef readonly str agent_id
    cdef readonly str requested_by


cdef class RequestCallback(Command):
    cdef readonly str contact_id
    cdef readonly str callback_address
    cdef readonly int64_t window_start_ns
    cdef readonly int64_t window_end_ns
    cdef readonly int64_t attempts_max


cdef class OpenQueue(Command):
    cdef readonly str queue_id


cdef class CloseQueue(Command):
    cdef readonly str queue_id


cdef class ForgetCustomer(Command):
    cdef readonly str customer_id
    cdef readonly tuple contact_ids


cdef class SetContactAside(Command):
    cdef readonly str contact_id


cdef class SetAgentAside(Command):
    cdef readonly str agent_id
