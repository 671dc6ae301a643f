"""The closed vocabularies of the engine: what the numbers in commands, events and state mean.

The numbers are part of journals, snapshots and digests. They are never reused or renumbered; new ones are appended.
"""

from enum import IntEnum


class CommandKind(IntEnum):
    TICK = 1
    RESUME = 2
    APPLY_POLICY = 3
    UPSERT_AGENTS = 4
    REMOVE_AGENTS = 5
    SET_PRESENCE = 6
    HEARTBEAT = 7
    ENQUEUE_CONTACT = 8
    UPDATE_CONTACT = 9
    CANCEL_CONTACT = 10
    ACCEPT_OFFER = 11
    DECLINE_OFFER = 12
    COMPLETE_CONTACT = 13
    FINISH_WRAP_UP = 14
    DETACH_CONTACT = 15
    ATTACH_CONTACT = 16
    TRANSFER_CONTACT = 17
    PICK_CONTACT = 18
    REQUEST_CALLBACK = 19
    OPEN_QUEUE = 20
    CLOSE_QUEUE = 21
    SET_CONTACT_ASIDE = 22
    SET_AGENT_ASIDE = 23
    FORGET_CUSTOMER = 24


class Presence(IntEnum):
    """What an agent says of itself."""

    OFFLINE = 1
    READY = 2
    AWAY = 3


class PresenceCause(IntEnum):
    """Who or what changed an agent's presence."""

    REQUESTED = 1
    LEASE_EXPIRED = 2
    NOT_RESPONDING = 3
    REMOVED = 4
    SET_ASIDE = 5
    """The engine failed on a timer of the agent."""


class ContactState(IntEnum):
    WAITING = 1
    OFFERED = 2
    ACTIVE = 3
    WRAP_UP = 4
    CLOSED = 5
    SCHEDULED = 6


class OfferOutcome(IntEnum):
    """How an offer ended, when it was not accepted."""

    DECLINED = 1
    BUSY = 2
    UNREACHABLE = 3
    MISSED = 4
    """Nobody answered before the offer ran out, or the caller's system said so."""
    RELEASED = 5
    """The agent went away, offline, was removed or lost its presence lease: not a miss."""
    WITHDRAWN = 6
    """The contact ended while it was offered: not a miss."""
    ACCEPTED = 7


class EndCause(IntEnum):
    """Why a segment of a contact ended; each ends once, by exactly one of these."""

    HANDLED = 1
    ABANDONED = 2
    SHORT_ABANDON = 3
    OVERFLOWED = 4
    TIMED_OUT = 5
    REFUSED_FULL = 6
    REFUSED_CLOSED = 7
    MOVED_TO_CALLBACK = 8
    TRANSFERRED = 9
    CANCELLED = 10
    LOST = 11
    SET_ASIDE = 12


class Strategy(IntEnum):
    """How a contact picks among the agents who may serve it (routing model, section 6)."""

    LONGEST_IDLE = 1
    ROUND_ROBIN = 2
    LEAST_OCCUPIED = 3
    FEWEST_CONTACTS = 4
    LEAST_TALK_TIME = 5
    LEAST_LOADED = 6
    BEST_MATCH = 7
    LEAST_SKILLED = 8
    FIXED_ORDER = 9
    RANDOM = 10
    WEIGHTED = 11
    BROADCAST = 12


class Membership(IntEnum):
    """Who belongs to a queue."""

    OPEN = 1
    """Every agent who meets the requirement, at tier 0."""
    LISTED = 2
    """Agents who name the queue in their memberships, each at its own tier."""


class ChosenBy(IntEnum):
    """Which side of a match did the choosing (routing model, section 9)."""

    CONTACT = 1
    AGENT = 2


class MatchCause(IntEnum):
    """Why a match came about when and as it did."""

    TURN = 1
    """In its turn, by sections 5 and 6 of the routing model."""
    PREFERRED = 2
    """In its turn, with one of the agents that were preferred for it."""
    PICKED = 3
    """Out of turn, because an agent or a supervisor asked for it."""
    TRANSFERRED = 4
    """Transferred to this agent by another."""


class StepAction(IntEnum):
    """What a step of a plan does."""

    SET_REQUIREMENT = 1
    LOWER_LEVEL = 2
    DROP_SKILL = 3
    RAISE_MAX_TIER = 4
    ADD_CREDIT = 5
    SET_PRIORITY = 6
    MOVE_TO_QUEUE = 7
    ADD_QUEUE = 8
    START_TREATMENT = 9
    OFFER_CALLBACK = 10
    END_WAIT = 11


class TreatmentKind(IntEnum):
    ANNOUNCEMENT = 1
    MUSIC = 2
    MESSAGE = 3
    BOT = 4


class EndKind(IntEnum):
    """How a wait ends other than by an agent."""

    VOICEMAIL = 1
    EXTERNAL = 2
    HANG_UP = 3


class ClosingRule(IntEnum):
    """What becomes of those who wait when a queue closes."""

    SERVE = 1
    RELEASE = 2


class MoveCause(IntEnum):
    """Why a waiting contact's queues changed."""

    STEP = 1
    FULL = 2
    CLOSED = 3


class ReservationEnd(IntEnum):
    """Why a contact is held for its preferred agents no longer."""

    TIME_OVER = 1
    NOBODY_LEFT = 2
    """None of those it was held for is signed on, a member, skilled and not excluded any more."""
    REPLACED = 3
    """Other agents were named, or none."""


class SegmentCause(IntEnum):
    """Why the next segment of a contact was opened."""

    CALLBACK = 1
    RETRY = 2
    """A callback reached nobody and is tried again."""
    TRANSFER = 3


class WaitPredictor(IntEnum):
    """How a wait was predicted."""

    NONE = 1
    """There is nothing to go on."""
    QUEUE_LENGTH = 2
    LAST_WAITS = 3


class ServeRule(IntEnum):
    """Why an agent may not serve a contact: the rules of section 3 in the order in which they are tried."""

    NONE_FAILS = 1
    READY = 2
    ROOM = 3
    MEMBER = 4
    SKILLS = 5
    NOT_EXCLUDED = 6
    HELD_FOR_PREFERRED = 7
    NAMED_ONLY = 8


class TimerKind(IntEnum):
    OFFER_EXPIRY = 1
    WRAP_UP_END = 2
    LEASE_END = 3
    DELAY_END = 4
    EXCLUSION_END = 5
    REATTACH_END = 6
    PLAN_STEP = 7
    HOLD_END = 8
    WINDOW_START = 9
    WINDOW_END = 10


class EventType(IntEnum):
    POLICY_APPLIED = 1
    AGENT_ADDED = 2
    AGENT_UPDATED = 3
    AGENT_REMOVED = 4
    PRESENCE_CHANGED = 5
    AGENT_DELAYED = 6
    AGENT_DELAY_ENDED = 7
    CONTACT_ENQUEUED = 8
    CONTACT_UPDATED = 9
    CONTACT_HELD = 10
    CONTACT_RETRIEVED = 11
    CONTACT_DETACHED = 12
    CONTACT_ATTACHED = 13
    OFFER_MADE = 14
    OFFER_ACCEPTED = 15
    CONTACT_ASSIGNED = 16
    OFFER_ENDED = 17
    AGENT_EXCLUDED = 18
    EXCLUSION_ENDED = 19
    CONTACT_COMPLETED = 20
    CONTACT_CLOSED = 21
    CONTACT_UNATTENDED = 22
    RESUMED = 23
    PLAN_STEP_TAKEN = 24
    CONTACT_MOVED = 25
    TREATMENT_STARTED = 26
    CALLBACK_OFFERED = 27
    WAIT_ENDED = 28
    QUEUE_OPENED = 29
    QUEUE_CLOSED = 30
    CONTACT_RESERVED = 31
    RESERVATION_ENDED = 32
    SEGMENT_OPENED = 33
    CALLBACK_SET = 34
    CONTACT_SCHEDULED = 35
    CALLBACK_DUE = 36
    CONSULTATION_OPENED = 37
    CUSTOMER_FORGOTTEN = 38
