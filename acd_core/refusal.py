"""Why a command was refused. A refused command changed nothing and was given no seq."""

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Named causes of refusal, the same word on the wire (`ErrorInfo.reason`)."""

    # The request itself is malformed.
    EMPTY = "EMPTY"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    INVALID_VALUE = "INVALID_VALUE"
    INVALID_CHARACTER = "INVALID_CHARACTER"
    RESERVED_ID = "RESERVED_ID"
    DUPLICATE_ENTRY = "DUPLICATE_ENTRY"
    MALFORMED_REQUIREMENT = "MALFORMED_REQUIREMENT"
    # It refers to what does not exist.
    UNKNOWN_QUEUE = "UNKNOWN_QUEUE"
    UNKNOWN_CHANNEL = "UNKNOWN_CHANNEL"
    UNKNOWN_PLAN = "UNKNOWN_PLAN"
    UNKNOWN_CALENDAR = "UNKNOWN_CALENDAR"
    UNKNOWN_AGENT = "UNKNOWN_AGENT"
    UNKNOWN_CONTACT = "UNKNOWN_CONTACT"
    # It repeats an id with other content.
    CONTACT_EXISTS = "CONTACT_EXISTS"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    # The state does not allow it.
    OFFER_EXPIRED = "OFFER_EXPIRED"
    OFFER_RELEASED = "OFFER_RELEASED"
    OFFER_DECLINED = "OFFER_DECLINED"
    OFFER_ALREADY_ACCEPTED = "OFFER_ALREADY_ACCEPTED"
    OFFER_NOT_LIVE = "OFFER_NOT_LIVE"
    NOT_OFFERED_TO_AGENT = "NOT_OFFERED_TO_AGENT"
    CONTACT_NOT_WAITING = "CONTACT_NOT_WAITING"
    CONTACT_NOT_ACTIVE = "CONTACT_NOT_ACTIVE"
    CONTACT_NOT_IN_WRAP_UP = "CONTACT_NOT_IN_WRAP_UP"
    CONTACT_NOT_ATTACHED = "CONTACT_NOT_ATTACHED"
    AGENT_NOT_IN_WRAP_UP = "AGENT_NOT_IN_WRAP_UP"
    CONTACT_NOT_CALLBACK = "CONTACT_NOT_CALLBACK"
    CONTACT_IS_CONSULTATION = "CONTACT_IS_CONSULTATION"
    NOT_ITS_CONSULTATION = "NOT_ITS_CONSULTATION"
    AGENT_NOT_SIGNED_ON = "AGENT_NOT_SIGNED_ON"
    AGENT_HAS_NO_ROOM = "AGENT_HAS_NO_ROOM"
    AGENT_NOT_MEMBER = "AGENT_NOT_MEMBER"
    SKILLS_NOT_MET = "SKILLS_NOT_MET"
    AGENT_EXCLUDED = "AGENT_EXCLUDED"
    QUEUE_CLOSED = "QUEUE_CLOSED"
    QUEUE_FULL = "QUEUE_FULL"
    POLICY_VERSION_MISMATCH = "POLICY_VERSION_MISMATCH"
    QUEUE_IN_USE = "QUEUE_IN_USE"
    CHANNEL_IN_USE = "CHANNEL_IN_USE"
    TIME_BACKWARDS = "TIME_BACKWARDS"
    TIMER_DUE = "TIMER_DUE"
    # A bound was reached.
    AGENT_LIMIT = "AGENT_LIMIT"
    WAITING_LIMIT = "WAITING_LIMIT"
    QUEUE_LIMIT = "QUEUE_LIMIT"
    SKILL_LIMIT = "SKILL_LIMIT"
    # It asks for what is not built yet.
    NOT_BUILT = "NOT_BUILT"


class Refused(Exception):
    """A command that was not taken.

    Attributes:
        reason: the named cause.
        field: path of the offending field within the request, `agents[3].skills` for instance; empty where no single
            field is at fault.
        message: one sentence for a person: what is wrong and, where it is not obvious, what would be right.
        metadata: further facts as strings (`{"position": "12"}`).
    """

    def __init__(
        self,
        reason: Reason,
        field: str,
        message: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field
        self.message = message
        self.metadata: Mapping[str, str] = metadata or {}

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        return f"{self.reason}{where}: {self.message}"

    def within(self, prefix: str) -> "Refused":
        """The same refusal with its field placed below `prefix`."""
        joined = f"{prefix}.{self.field}" if self.field else prefix
        return Refused(self.reason, joined, self.message, self.metadata)
