from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t

from acd_core.classes cimport Classes
from acd_core.orders cimport Name
from acd_core.skills cimport Skills
from acd_core.tables cimport SlotTable
from acd_core.types cimport Channel, Queue


cdef struct Outcome:
    # What follows an offer that ended in one way; 0 for what does not apply.
    int64_t exclude_ms
    int64_t delay_ms
    int64_t away_after


cdef struct Step:
    # A step of a plan (acd_core.plan).
    int64_t after_ns
    int64_t queue_length_min  # -1: no such condition
    int64_t expected_wait_ns  # -1: no such condition
    int64_t credit_ms
    int64_t priority
    uint64_t step_word
    uint64_t action_word
    PyObject* text  # name of a treatment or announcement, target of an end
    int32_t skill  # slot, pinned
    int32_t requirement  # slot, held
    int32_t level
    int32_t tier
    int32_t queue
    int32_t what  # TreatmentKind or EndKind
    int32_t action
    bint nobody_signed_on
    bint conditional
    bint restart_wait


cdef enum:
    KEPT_ORDER = 1  # all that classes, orders and who wants agents go by
    KEPT_PLAN = 2  # a plan that leads to the same values whenever it is entered anew


cdef struct Plan:
    Step* steps
    int32_t size


cdef class Rules:
    cdef readonly object policy
    cdef readonly int64_t version
    cdef Skills skills
    cdef Classes classes
    cdef Queue* queues
    cdef int32_t queue_room
    cdef uint8_t* kept  # by queue slot: what of it the policy before had too, as bits
    cdef list queue_free
    cdef dict queue_slots
    cdef SlotTable queue_ids
    cdef Channel channels[16]
    cdef uint16_t channels_used
    cdef bint interrupts_used
    cdef bint tier_first
    cdef int64_t short_abandon_ms
    cdef int64_t presence_lease_ms
    cdef int64_t reattach_ms
    cdef int64_t max_waiting  # -1: no limit
    cdef Outcome outcomes[8]  # by OfferOutcome
    cdef bint strategies[16]  # in use
    cdef Plan* plans
    cdef int32_t plan_count
    cdef bint plans_only_value  # no step of theirs has a condition or does anything but set values
    cdef int64_t occupancy_constant_ns
    cdef int64_t last_agent_window_ns
    cdef bint agent_of_other_contact
    cdef int64_t hold_ms
    cdef int64_t attempts_max
    cdef int64_t retry_delay_ns
    cdef int32_t first_channel

    cdef int32_t find_queue(self, str queue_id) except -2
    cdef int32_t queue_named(self, const Name* name) except -2
    cdef int32_t channel_named(self, const Name* name) except -2
    cdef int32_t find_channel(self, str channel_id) except -2
    cdef int note_kept(self, object policy) except -1
    cdef int apply(self, object policy) except -1
    cdef int _apply_channels(self, tuple channels) except -1
    cdef int _apply_queues(self, tuple queues, tuple plans) except -1
    cdef int _note_plans(self, object before, object policy) except -1
    cdef int _apply_weights(self, Queue* queue, tuple weights) except -1
    cdef int _drop_queue(self, Queue* queue) except -1
    cdef int _compile_plans(self, tuple plans) except -1
    cdef int _compile_step(self, Step* step, object spec) except -1
    cdef int _drop_plans(self, Plan* plans, int32_t count) except -1
    cdef int32_t _new_queue(self, str queue_id) except -1
