# cython: language_level=3
"""What comes out of an engine: events, and the answer to a command. Immutable."""

import cython

from acd_core.enums import EventType

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

    def __cinit__(self):
        self.contact_id = ""
        self.agent_id = ""
        self.queue_id = ""
        self.channel_id = ""
        self.customer_id = ""
        self.text = ""
        self.attributes = b""

    def __init__(self, int type, long long event_seq, long long seq, long long at_ns, *,
                 str contact_id not None="", str agent_id not None="", str queue_id not None="",
                 str channel_id not None="", str customer_id not None="", str text not None="",
                 int cause=0, int tier=0, int strategy=0, int chosen_by=0, int presence=0, int step=0,
                 long long offer_id=0, long long ordinal=0, long long priority=0, long long credit_ms=0,
                 long long score=0, long long wait_ns=0, long long until_ns=0, long long duration_ns=0,
                 long long policy_version=0, long long position=0, bytes attributes not None=b"", object agent=None):
        self.type = type
        self.event_seq = event_seq
        self.seq = seq
        self.at_ns = at_ns
        self.contact_id = contact_id
        self.agent_id = agent_id
        self.queue_id = queue_id
        self.channel_id = channel_id
        self.customer_id = customer_id
        self.text = text
        self.cause = cause
        self.tier = tier
        self.strategy = strategy
        self.chosen_by = chosen_by
        self.presence = presence
        self.step = step
        self.offer_id = offer_id
        self.ordinal = ordinal
        self.priority = priority
        self.credit_ms = credit_ms
        self.score = score
        self.wait_ns = wait_ns
        self.until_ns = until_ns
        self.duration_ns = duration_ns
        self.policy_version = policy_version
        self.position = position
        self.attributes = attributes
        self.agent = agent

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

    def __cinit__(self):
        self.contact_id = ""
        self.agent_id = ""
        self.events = ()

    def __init__(self, long long seq, long long at_ns, tuple events not None=(), *, bint duplicate=False,
                 str contact_id not None="", int contact_state=0, str agent_id not None="", long long offer_id=0,
                 long long offer_expires_ns=0, long long policy_version=0):
        self.seq = seq
        self.at_ns = at_ns
        self.events = events
        self.duplicate = duplicate
        self.contact_id = contact_id
        self.contact_state = contact_state
        self.agent_id = agent_id
        self.offer_id = offer_id
        self.offer_expires_ns = offer_expires_ns
        self.policy_version = policy_version

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
