# cython: language_level=3
"""What comes out of an engine: events, and the answer to a command. Immutable."""

import cython

from cpython.object cimport PyObject

from acd_core.enums import EventType

cdef extern from "Python.h":
    tuple PyTuple_New(Py_ssize_t size)
    void PyTuple_SET_ITEM(tuple items, Py_ssize_t index, PyObject* item)

_MATCH = ("contact_id", "agent_id", "queue_id", "offer_id", "until_ns", "tier", "priority", "score", "wait_ns",
          "strategy", "chosen_by", "policy_version", "step", "cause", "text")

EVENT_FIELDS = {
    EventType.POLICY_APPLIED: ("policy_version",),
    EventType.AGENT_ADDED: ("agent_id", "ordinal"),
    EventType.AGENT_UPDATED: ("agent_id", "ordinal"),
    EventType.AGENT_REMOVED: ("agent_id", "ordinal"),
    EventType.PRESENCE_CHANGED: ("agent_id", "presence", "text", "cause", "until_ns"),
    EventType.AGENT_DELAYED: ("agent_id", "until_ns"),
    EventType.AGENT_DELAY_ENDED: ("agent_id",),
    EventType.CONTACT_ENQUEUED: ("contact_id", "ordinal", "queue_id", "channel_id", "text", "priority", "credit_ms",
                                 "customer_id"),
    EventType.CONTACT_UPDATED: ("contact_id", "text", "priority", "credit_ms", "tier"),
    EventType.CONTACT_HELD: ("contact_id", "agent_id"),
    EventType.CONTACT_RETRIEVED: ("contact_id", "agent_id"),
    EventType.CONTACT_DETACHED: ("contact_id", "until_ns"),
    EventType.CONTACT_ATTACHED: ("contact_id",),
    EventType.OFFER_MADE: _MATCH,
    EventType.OFFER_ACCEPTED: ("contact_id", "agent_id", "queue_id", "offer_id", "wait_ns"),
    EventType.CONTACT_ASSIGNED: _MATCH,
    EventType.OFFER_ENDED: ("contact_id", "agent_id", "queue_id", "offer_id", "cause"),
    EventType.AGENT_EXCLUDED: ("contact_id", "agent_id", "until_ns"),
    EventType.EXCLUSION_ENDED: ("contact_id", "agent_id"),
    EventType.CONTACT_COMPLETED: ("contact_id", "agent_id", "queue_id", "until_ns", "duration_ns"),
    EventType.CONTACT_CLOSED: ("contact_id", "agent_id", "queue_id", "cause", "wait_ns", "duration_ns"),
    EventType.CONTACT_UNATTENDED: ("contact_id", "agent_id"),
    EventType.RESUMED: ("duration_ns",),
    EventType.PLAN_STEP_TAKEN: ("contact_id", "queue_id", "step", "cause", "text", "priority", "credit_ms", "tier",
                                "policy_version"),
    EventType.CONTACT_MOVED: ("contact_id", "queue_id", "text", "cause", "wait_ns"),
    EventType.TREATMENT_STARTED: ("contact_id", "queue_id", "step", "cause", "text", "position", "wait_ns"),
    EventType.CALLBACK_OFFERED: ("contact_id", "queue_id", "step", "text", "position", "wait_ns"),
    EventType.WAIT_ENDED: ("contact_id", "queue_id", "cause", "text"),
    EventType.QUEUE_OPENED: ("queue_id",),
    EventType.QUEUE_CLOSED: ("queue_id",),
    EventType.CONTACT_RESERVED: ("contact_id", "until_ns"),
    EventType.RESERVATION_ENDED: ("contact_id", "cause"),
    EventType.SEGMENT_OPENED: ("contact_id", "queue_id", "channel_id", "text", "priority", "credit_ms", "cause",
                               "wait_ns"),
    EventType.CALLBACK_SET: ("contact_id", "text", "until_ns", "ordinal"),
    EventType.CONTACT_SCHEDULED: ("contact_id", "until_ns"),
    EventType.CALLBACK_DUE: ("contact_id", "queue_id"),
    EventType.CONSULTATION_OPENED: ("contact_id", "agent_id", "text"),
    EventType.CUSTOMER_FORGOTTEN: ("contact_id",),
}


@cython.freelist(64)
@cython.no_gc
cdef class Event:
    """One thing that happened. Which fields an event uses depends on its type: see `EVENT_FIELDS`.

    `text` is the reason of a presence, the requirement of a contact or what docs/engine/ says of the event. `attributes` (on CONTACT_ENQUEUED and
    CONTACT_UPDATED) and `agent` (an AgentSpec, on AGENT_ADDED and AGENT_UPDATED) ride along for readers and are not
    part of the stream's hash; the state's digest covers them. An event refers to texts and an immutable AgentSpec only,
    so it can be in no cycle and the cyclic garbage collector need not know it.
    """

    def __dealloc__(self):
        clear_event(&self.data)

    def __init__(self, int type, long long event_seq, long long seq, long long at_ns, *,
                 str contact_id not None="", str agent_id not None="", str queue_id not None="",
                 str channel_id not None="", str customer_id not None="", str text not None="",
                 int cause=0, int tier=0, int strategy=0, int chosen_by=0, int presence=0, int step=0,
                 long long offer_id=0, long long ordinal=0, long long priority=0, long long credit_ms=0,
                 long long score=0, long long wait_ns=0, long long until_ns=0, long long duration_ns=0,
                 long long policy_version=0, long long position=0, bytes attributes not None=b"", object agent=None):
        clear_event(&self.data)
        self.data.type = type
        self.data.event_seq = event_seq
        self.data.seq = seq
        self.data.at_ns = at_ns
        if contact_id:
            self.data.contact_id = new_reference(contact_id)
        if agent_id:
            self.data.agent_id = new_reference(agent_id)
        if queue_id:
            self.data.queue_id = new_reference(queue_id)
        if channel_id:
            self.data.channel_id = new_reference(channel_id)
        if customer_id:
            self.data.customer_id = new_reference(customer_id)
        if text:
            self.data.text = new_reference(text)
        self.data.cause = cause
        self.data.tier = tier
        self.data.strategy = strategy
        self.data.chosen_by = chosen_by
        self.data.presence = presence
        self.data.step = step
        self.data.offer_id = offer_id
        self.data.ordinal = ordinal
        self.data.priority = priority
        self.data.credit_ms = credit_ms
        self.data.score = score
        self.data.wait_ns = wait_ns
        self.data.until_ns = until_ns
        self.data.duration_ns = duration_ns
        self.data.policy_version = policy_version
        self.data.position = position
        if attributes:
            self.data.attributes = new_reference(attributes)
        if agent is not None:
            self.data.agent = new_reference(agent)

    @property
    def type(self):
        return self.data.type

    @property
    def cause(self):
        return self.data.cause

    @property
    def tier(self):
        return self.data.tier

    @property
    def strategy(self):
        return self.data.strategy

    @property
    def chosen_by(self):
        return self.data.chosen_by

    @property
    def presence(self):
        return self.data.presence

    @property
    def step(self):
        return self.data.step

    @property
    def event_seq(self):
        return self.data.event_seq

    @property
    def seq(self):
        return self.data.seq

    @property
    def at_ns(self):
        return self.data.at_ns

    @property
    def offer_id(self):
        return self.data.offer_id

    @property
    def ordinal(self):
        return self.data.ordinal

    @property
    def priority(self):
        return self.data.priority

    @property
    def credit_ms(self):
        return self.data.credit_ms

    @property
    def score(self):
        return self.data.score

    @property
    def wait_ns(self):
        return self.data.wait_ns

    @property
    def until_ns(self):
        return self.data.until_ns

    @property
    def duration_ns(self):
        return self.data.duration_ns

    @property
    def policy_version(self):
        return self.data.policy_version

    @property
    def position(self):
        return self.data.position

    @property
    def contact_id(self):
        return text_of(self.data.contact_id)

    @property
    def agent_id(self):
        return text_of(self.data.agent_id)

    @property
    def queue_id(self):
        return text_of(self.data.queue_id)

    @property
    def channel_id(self):
        return text_of(self.data.channel_id)

    @property
    def customer_id(self):
        return text_of(self.data.customer_id)

    @property
    def text(self):
        return text_of(self.data.text)

    @property
    def attributes(self):
        return b"" if self.data.attributes == NULL else <bytes>self.data.attributes

    @property
    def agent(self):
        return None if self.data.agent == NULL else <object>self.data.agent

    def __repr__(self):
        kind = EventType(self.type)
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in EVENT_FIELDS[kind])
        return f"{kind.name}(#{self.event_seq}, seq={self.seq}, at_ns={self.at_ns}, {fields})"

    def __eq__(self, other):
        if not isinstance(other, Event):
            return NotImplemented
        if self.type != other.type:
            return False
        names = ("event_seq", "seq", "at_ns", "attributes", "agent") + EVENT_FIELDS[EventType(self.type)]
        return all(getattr(self, name) == getattr(other, name) for name in names)

    __hash__ = None


@cython.freelist(16)
@cython.no_gc
cdef class Answer:
    """What an accepted command came to.

    For commands about a contact, `contact_id`, `contact_state`, `agent_id`, `offer_id` and `offer_expires_ns` say how
    the contact stands after the command. `duplicate` is set when the command repeated an earlier one: then nothing was
    done, `events` is empty and the rest is what was answered the first time.
    """

    def __dealloc__(self):
        clear_answer(&self.data)

    def __init__(self, long long seq, long long at_ns, tuple events not None=(), *, bint duplicate=False,
                 str contact_id not None="", int contact_state=0, str agent_id not None="", long long offer_id=0,
                 long long offer_expires_ns=0, long long policy_version=0):
        clear_answer(&self.data)
        self.data.seq = seq
        self.data.at_ns = at_ns
        self.events = events
        self.data.duplicate = duplicate
        if contact_id:
            self.data.contact_id = new_reference(contact_id)
        self.data.contact_state = contact_state
        if agent_id:
            self.data.agent_id = new_reference(agent_id)
        self.data.offer_id = offer_id
        self.data.offer_expires_ns = offer_expires_ns
        self.data.policy_version = policy_version

    @property
    def seq(self):
        return self.data.seq

    @property
    def at_ns(self):
        return self.data.at_ns

    @property
    def duplicate(self):
        return bool(self.data.duplicate)

    @property
    def contact_state(self):
        return self.data.contact_state

    @property
    def offer_id(self):
        return self.data.offer_id

    @property
    def offer_expires_ns(self):
        return self.data.offer_expires_ns

    @property
    def policy_version(self):
        return self.data.policy_version

    @property
    def contact_id(self):
        return text_of(self.data.contact_id)

    @property
    def agent_id(self):
        return text_of(self.data.agent_id)

    def __repr__(self):
        return (f"Answer(seq={self.seq}, at_ns={self.at_ns}, duplicate={self.duplicate}, "
                f"contact_id={self.contact_id!r}, contact_state={self.contact_state}, agent_id={self.agent_id!r}, "
                f"offer_id={self.offer_id}, offer_expires_ns={self.offer_expires_ns}, "
                f"policy_version={self.policy_version}, events={self.events!r})")

    def __eq__(self, other):
        if not isinstance(other, Answer):
            return NotImplemented
        return repr(self) == repr(other)

    __hash__ = None


cdef PyObject* new_event() except NULL:
    """A reference to an empty event."""
    cdef Event event = Event.__new__(Event)
    return new_reference(event)


cdef tuple events_of(PyObject** events, int32_t count):
    """So many events as a tuple."""
    cdef tuple result
    cdef int32_t index
    if count == 0:
        return ()
    result = PyTuple_New(count)
    for index in range(count):
        PyTuple_SET_ITEM(result, index, taken(events[index]))
    return result


cdef Answer new_answer():
    """An empty answer."""
    cdef Answer answer = Answer.__new__(Answer)
    answer.events = ()
    return answer


cdef Answer repeated(const AnswerData* first):
    """An answer as it is given when its request comes again."""
    cdef Answer answer = new_answer()
    answer.data = first[0]
    answer.data.duplicate = True
    if first.contact_id != NULL:
        taken(first.contact_id)
    if first.agent_id != NULL:
        taken(first.agent_id)
    return answer
