"""The vocabularies of `acd_core.enums` as C constants, and the plain structs that the compiled rooms share.

A test holds every constant equal to its Python original. Slots are indexes into arrays of structs, -1 for none.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cpdef enum:
    CMD_TICK = 1
    CMD_RESUME = 2
    CMD_APPLY_POLICY = 3
    CMD_UPSERT_AGENTS = 4
    CMD_REMOVE_AGENTS = 5
    CMD_SET_PRESENCE = 6
    CMD_HEARTBEAT = 7
    CMD_ENQUEUE_CONTACT = 8
    CMD_UPDATE_CONTACT = 9
    CMD_CANCEL_CONTACT = 10
    CMD_ACCEPT_OFFER = 11
    CMD_DECLINE_OFFER = 12
    CMD_COMPLETE_CONTACT = 13
    CMD_FINISH_WRAP_UP = 14
    CMD_DETACH_CONTACT = 15
    CMD_ATTACH_CONTACT = 16
    CMD_TRANSFER_CONTACT = 17
    CMD_PICK_CONTACT = 18
    CMD_REQUEST_CALLBACK = 19
    CMD_OPEN_QUEUE = 20
    CMD_CLOSE_QUEUE = 21
    CMD_SET_CONTACT_ASIDE = 22
    CMD_SET_AGENT_ASIDE = 23
    CMD_FORGET_CUSTOMER = 24


cpdef enum:
    PRESENCE_OFFLINE = 1
    PRESENCE_READY = 2
    PRESENCE_AWAY = 3


cpdef enum:
    CAUSE_REQUESTED = 1
    CAUSE_LEASE_EXPIRED = 2
    CAUSE_NOT_RESPONDING = 3
    CAUSE_REMOVED = 4
    CAUSE_SET_ASIDE = 5


cpdef enum:
    STATE_WAITING = 1
    STATE_OFFERED = 2
    STATE_ACTIVE = 3
    STATE_WRAP_UP = 4
    STATE_CLOSED = 5
    STATE_SCHEDULED = 6


cpdef enum:
    OUTCOME_DECLINED = 1
    OUTCOME_BUSY = 2
    OUTCOME_UNREACHABLE = 3
    OUTCOME_MISSED = 4
    OUTCOME_RELEASED = 5
    OUTCOME_WITHDRAWN = 6
    OUTCOME_ACCEPTED = 7


cpdef enum:
    END_HANDLED = 1
    END_ABANDONED = 2
    END_SHORT_ABANDON = 3
    END_OVERFLOWED = 4
    END_TIMED_OUT = 5
    END_REFUSED_FULL = 6
    END_REFUSED_CLOSED = 7
    END_MOVED_TO_CALLBACK = 8
    END_TRANSFERRED = 9
    END_CANCELLED = 10
    END_LOST = 11
    END_SET_ASIDE = 12


cpdef enum:
    STRATEGY_LONGEST_IDLE = 1
    STRATEGY_ROUND_ROBIN = 2
    STRATEGY_LEAST_OCCUPIED = 3
    STRATEGY_FEWEST_CONTACTS = 4
    STRATEGY_LEAST_TALK_TIME = 5
    STRATEGY_LEAST_LOADED = 6
    STRATEGY_BEST_MATCH = 7
    STRATEGY_LEAST_SKILLED = 8
    STRATEGY_FIXED_ORDER = 9
    STRATEGY_RANDOM = 10
    STRATEGY_WEIGHTED = 11
    STRATEGY_BROADCAST = 12


cpdef enum:
    MEMBERSHIP_OPEN = 1
    MEMBERSHIP_LISTED = 2


cpdef enum:
    CHOSEN_BY_CONTACT = 1
    CHOSEN_BY_AGENT = 2


cpdef enum:
    TIMER_OFFER_EXPIRY = 1
    TIMER_WRAP_UP_END = 2
    TIMER_LEASE_END = 3
    TIMER_DELAY_END = 4
    TIMER_EXCLUSION_END = 5
    TIMER_REATTACH_END = 6
    TIMER_PLAN_STEP = 7
    TIMER_HOLD_END = 8
    TIMER_WINDOW_START = 9
    TIMER_WINDOW_END = 10


cpdef enum:
    MATCH_TURN = 1
    MATCH_PREFERRED = 2
    MATCH_PICKED = 3
    MATCH_TRANSFERRED = 4


cpdef enum:
    STEP_SET_REQUIREMENT = 1
    STEP_LOWER_LEVEL = 2
    STEP_DROP_SKILL = 3
    STEP_RAISE_MAX_TIER = 4
    STEP_ADD_CREDIT = 5
    STEP_SET_PRIORITY = 6
    STEP_MOVE_TO_QUEUE = 7
    STEP_ADD_QUEUE = 8
    STEP_START_TREATMENT = 9
    STEP_OFFER_CALLBACK = 10
    STEP_END_WAIT = 11


cpdef enum:
    END_KIND_VOICEMAIL = 1
    END_KIND_EXTERNAL = 2
    END_KIND_HANG_UP = 3


cpdef enum:
    CLOSING_SERVE = 1
    CLOSING_RELEASE = 2


cpdef enum:
    MOVE_STEP = 1
    MOVE_FULL = 2
    MOVE_CLOSED = 3


cpdef enum:
    EVENT_POLICY_APPLIED = 1
    EVENT_AGENT_ADDED = 2
    EVENT_AGENT_UPDATED = 3
    EVENT_AGENT_REMOVED = 4
    EVENT_PRESENCE_CHANGED = 5
    EVENT_AGENT_DELAYED = 6
    EVENT_AGENT_DELAY_ENDED = 7
    EVENT_CONTACT_ENQUEUED = 8
    EVENT_CONTACT_UPDATED = 9
    EVENT_CONTACT_HELD = 10
    EVENT_CONTACT_RETRIEVED = 11
    EVENT_CONTACT_DETACHED = 12
    EVENT_CONTACT_ATTACHED = 13
    EVENT_OFFER_MADE = 14
    EVENT_OFFER_ACCEPTED = 15
    EVENT_CONTACT_ASSIGNED = 16
    EVENT_OFFER_ENDED = 17
    EVENT_AGENT_EXCLUDED = 18
    EVENT_EXCLUSION_ENDED = 19
    EVENT_CONTACT_COMPLETED = 20
    EVENT_CONTACT_CLOSED = 21
    EVENT_CONTACT_UNATTENDED = 22
    EVENT_RESUMED = 23
    EVENT_PLAN_STEP_TAKEN = 24
    EVENT_CONTACT_MOVED = 25
    EVENT_TREATMENT_STARTED = 26
    EVENT_CALLBACK_OFFERED = 27
    EVENT_WAIT_ENDED = 28
    EVENT_QUEUE_OPENED = 29
    EVENT_QUEUE_CLOSED = 30
    EVENT_CONTACT_RESERVED = 31
    EVENT_RESERVATION_ENDED = 32
    EVENT_SEGMENT_OPENED = 33
    EVENT_CALLBACK_SET = 34
    EVENT_CONTACT_SCHEDULED = 35
    EVENT_CALLBACK_DUE = 36
    EVENT_CONSULTATION_OPENED = 37
    EVENT_CUSTOMER_FORGOTTEN = 38


cpdef enum:
    CHANNELS_BOUND = 16  # limits.CHANNELS_MAX


cdef struct Judged:
    # What a contact remembers of a step (engine/plans.md).
    uint64_t word
    int64_t verdict


cdef struct Trail:
    # What of its way through a plan only few contacts have; NULL in a contact without any.
    uint64_t later_taken[3]  # steps behind the first 64, one bit each
    Judged* judged
    int32_t judged_count
    int32_t judged_room


cdef struct Weight:
    int32_t skill  # slot, pinned
    int32_t weight


cdef struct Extra:
    # What few contacts have: preferences, a callback, a consultation, weights. NULL in a contact without any.
    PyObject* weights  # tuple of SkillWeight, or NULL
    PyObject* named  # tuple of the preferred agents' ids as given, or NULL
    PyObject* preferred  # tuple of ordinals, or NULL
    PyObject* reserved  # tuple of ordinals while it is reserved, else NULL
    PyObject* address  # of the callback, or NULL
    PyObject* consults_id  # the contact that it consults about, or NULL
    Weight* weight_list
    int64_t hold_ms  # -1: the queue's
    int64_t window_start_ns
    int64_t window_end_ns
    int64_t attempts_max
    int64_t attempts
    int64_t consults_ordinal
    int64_t asked_by_ordinal
    int32_t weight_count
    int32_t hold_timer
    int32_t start_timer
    int32_t end_timer
    int32_t reserved_link  # among what is reserved for its agents, while it is
    uint8_t only_preferred
    uint8_t entered  # a callback entered its plan since it was scheduled


cdef struct Contact:
    # Four lines of 64 bytes, what is looked at most in the first.
    int64_t ordinal  # -1: the slot is free
    uint64_t id_word
    PyObject* id
    Extra* extra
    int64_t opened_ns  # when its segment began
    int32_t queue  # its home queue
    int32_t second_queue  # -1: none
    int32_t offers  # first of its live offers, or the accepted one
    int32_t exclusions  # first of its list
    int32_t agent  # who serves it or wraps it up
    uint8_t state
    uint8_t channel
    uint8_t held
    uint8_t attached

    int64_t accepted_ns
    int64_t arrived_ns
    int64_t priority  # priority, credit and requirement are the values now
    int64_t credit_ms
    int32_t klass[2]  # contact classes of its entries while it wants agents
    int32_t line[2]  # its places in the lines of its queues while it waits
    int32_t requirement  # its own, a slot of the skills room
    int32_t timer  # WRAP_UP_END
    int32_t plan_timer
    int32_t reattach_timer

    int64_t state_since_ns
    int64_t predicted_at_ns  # 0: nothing predicted
    int64_t predicted_ns[2]  # by predictor; -1: no value
    PyObject* customer_id
    Trail* trail
    int32_t base_requirement
    int32_t ended  # first of its ended offers, oldest first
    int32_t next_step
    int16_t raised_tier  # -1: not raised
    int16_t spare

    int64_t plan_from_ns
    int64_t base_priority
    int64_t base_credit_ms
    uint64_t content_word
    PyObject* attributes
    uint64_t taken  # which of the first 64 steps of its plan it took, one bit each; see took_step
    int64_t unused[2]


cdef struct Offer:
    # What ties a contact to an agent who holds it: a live offer, or the accepted one until the contact closes.
    int64_t id
    int64_t expires_ns  # 0 once it is accepted
    int64_t agent_ordinal
    int32_t contact  # -1: the slot is free
    int32_t agent
    int32_t queue  # of the entry that it was made for
    int32_t timer
    int32_t after  # next live offer of its contact, by id; next free slot while free
    int32_t held_before  # among what its agent holds
    int32_t held_after
    uint8_t second  # made for the contact's second entry
    uint8_t broadcast
    uint16_t spare
    int64_t unused  # a line of 64 bytes


cdef struct Ended:
    int64_t offer_id
    int64_t agent_ordinal
    int32_t outcome
    int32_t after


cdef struct Exclusion:
    int64_t agent_ordinal
    int64_t until_ns
    int32_t timer
    int32_t after


cdef struct Agent:
    # Four lines of 64 bytes, what is looked at most in the first.
    int64_t ordinal  # -1: the slot is free
    uint64_t id_word
    PyObject* id
    int64_t idle_since_ns
    int64_t delayed_until_ns
    int32_t klass
    int32_t capacity
    int32_t used
    int32_t holds  # first offer by which it holds a contact
    int32_t serving  # active and wrap-up contacts
    uint16_t room  # channels on which it is indexed as having room
    uint8_t presence
    uint8_t leaving

    int64_t last_offer_id  # of the offers that count for good
    int64_t round_key  # the key of round_robin: live broadcast offers counted
    int64_t contacts_begun
    int64_t talk_ns
    int64_t occupancy_key
    int64_t occupancy_at_ns
    int64_t misses_in_row
    int32_t noted  # match round in which it was noted as gained
    int32_t weight

    int16_t count[16]  # held contacts by channel
    int16_t maximum[16]  # -1: none

    PyObject* spec
    PyObject* reason
    int64_t lease_ms
    int32_t skills  # how many
    int32_t lease_timer
    int32_t delay_timer
    int32_t earlier
    int32_t later
    int32_t spare
    int64_t unused[2]


cdef struct Timer:
    int64_t due_ns
    int64_t ordinal  # -1: the slot is free
    int64_t agent_ordinal  # -1: not about an agent
    int32_t contact
    int32_t agent
    int32_t about  # the exclusion or the offer that ends
    int32_t kind
    int32_t run  # that it stands in, -1 for none; see timers.pxd
    uint32_t place  # in the run


cdef struct Channel:
    PyObject* id  # NULL: the slot is free
    uint64_t id_word
    int32_t cost
    uint16_t interrupts  # bit set of channels
    int32_t maxima  # agents with a maximum for it
    int32_t contacts  # live contacts on it


cdef struct Queue:
    PyObject* id  # NULL: the slot is free
    uint64_t id_word
    int64_t credit_ms
    int64_t rate
    int64_t offer_timeout_ms
    int64_t wrap_up_ms
    int64_t max_waiting  # -1: no limit
    int32_t max_tier
    int32_t requirement
    int32_t group  # what a contact class needs to know of its queue
    int32_t waiting  # entries of waiting contacts, home and second
    int32_t contacts  # live contacts in it, home and second
    int32_t serving  # active and wrap-up contacts whose home queue it is
    int64_t served
    int64_t service_us
    int64_t last_wait_ns  # -1: none
    int64_t scored[2]  # by predictor
    int64_t error[2]
    int64_t hold_ms  # -1: the policy's
    int32_t broadcast_to
    int32_t plan  # -1: none
    int32_t overflow  # queue; -1: none
    int32_t weight_count
    Weight* weights  # for best_match
    PyObject* overflow_target  # where its overflow ends the wait; NULL: it does not
    int32_t overflow_end  # EndKind
    uint8_t strategy
    uint8_t listed
    uint8_t auto_accept
    uint8_t closed
    uint8_t at_closing


cdef struct MemberWord:
    # 64 agent classes of which those in `mask` are members of a queue at `tier`.
    uint64_t mask
    int32_t tier
    int32_t word


cdef struct QueueMembers:
    MemberWord* words  # by tier, then word
    int32_t size
    int32_t room
    int32_t classes  # agent classes with a membership


cdef struct Member:
    int32_t queue
    int32_t tier
    int32_t position
