import datetime

from acd.v1 import agent_pb2 as _agent_pb2
from acd.v1 import contact_pb2 as _contact_pb2
from acd.v1 import policy_pb2 as _policy_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_POLICY_APPLIED: _ClassVar[EventType]
    EVENT_TYPE_AGENT_ADDED: _ClassVar[EventType]
    EVENT_TYPE_AGENT_UPDATED: _ClassVar[EventType]
    EVENT_TYPE_AGENT_REMOVED: _ClassVar[EventType]
    EVENT_TYPE_PRESENCE_CHANGED: _ClassVar[EventType]
    EVENT_TYPE_AGENT_DELAYED: _ClassVar[EventType]
    EVENT_TYPE_AGENT_DELAY_ENDED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_ENQUEUED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_UPDATED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_HELD: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_RETRIEVED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_DETACHED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_ATTACHED: _ClassVar[EventType]
    EVENT_TYPE_OFFER_MADE: _ClassVar[EventType]
    EVENT_TYPE_OFFER_ACCEPTED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_ASSIGNED: _ClassVar[EventType]
    EVENT_TYPE_OFFER_ENDED: _ClassVar[EventType]
    EVENT_TYPE_AGENT_EXCLUDED: _ClassVar[EventType]
    EVENT_TYPE_EXCLUSION_ENDED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_COMPLETED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_CLOSED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_UNATTENDED: _ClassVar[EventType]
    EVENT_TYPE_RESUMED: _ClassVar[EventType]
    EVENT_TYPE_PLAN_STEP_TAKEN: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_MOVED: _ClassVar[EventType]
    EVENT_TYPE_TREATMENT_STARTED: _ClassVar[EventType]
    EVENT_TYPE_CALLBACK_OFFERED: _ClassVar[EventType]
    EVENT_TYPE_WAIT_ENDED: _ClassVar[EventType]
    EVENT_TYPE_QUEUE_OPENED: _ClassVar[EventType]
    EVENT_TYPE_QUEUE_CLOSED: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_RESERVED: _ClassVar[EventType]
    EVENT_TYPE_RESERVATION_ENDED: _ClassVar[EventType]
    EVENT_TYPE_SEGMENT_OPENED: _ClassVar[EventType]
    EVENT_TYPE_CALLBACK_SET: _ClassVar[EventType]
    EVENT_TYPE_CONTACT_SCHEDULED: _ClassVar[EventType]
    EVENT_TYPE_CALLBACK_DUE: _ClassVar[EventType]
    EVENT_TYPE_CONSULTATION_OPENED: _ClassVar[EventType]
    EVENT_TYPE_CUSTOMER_FORGOTTEN: _ClassVar[EventType]

class OfferOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OFFER_OUTCOME_UNSPECIFIED: _ClassVar[OfferOutcome]
    OFFER_OUTCOME_DECLINED: _ClassVar[OfferOutcome]
    OFFER_OUTCOME_BUSY: _ClassVar[OfferOutcome]
    OFFER_OUTCOME_UNREACHABLE: _ClassVar[OfferOutcome]
    OFFER_OUTCOME_MISSED: _ClassVar[OfferOutcome]
    OFFER_OUTCOME_RELEASED: _ClassVar[OfferOutcome]
    OFFER_OUTCOME_WITHDRAWN: _ClassVar[OfferOutcome]
    OFFER_OUTCOME_ACCEPTED: _ClassVar[OfferOutcome]

class ChosenBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHOSEN_BY_UNSPECIFIED: _ClassVar[ChosenBy]
    CHOSEN_BY_CONTACT: _ClassVar[ChosenBy]
    CHOSEN_BY_AGENT: _ClassVar[ChosenBy]

class MatchCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATCH_CAUSE_UNSPECIFIED: _ClassVar[MatchCause]
    MATCH_CAUSE_TURN: _ClassVar[MatchCause]
    MATCH_CAUSE_PREFERRED: _ClassVar[MatchCause]
    MATCH_CAUSE_PICKED: _ClassVar[MatchCause]
    MATCH_CAUSE_TRANSFERRED: _ClassVar[MatchCause]

class StepAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEP_ACTION_UNSPECIFIED: _ClassVar[StepAction]
    STEP_ACTION_SET_REQUIREMENT: _ClassVar[StepAction]
    STEP_ACTION_LOWER_LEVEL: _ClassVar[StepAction]
    STEP_ACTION_DROP_SKILL: _ClassVar[StepAction]
    STEP_ACTION_RAISE_MAX_TIER: _ClassVar[StepAction]
    STEP_ACTION_ADD_CREDIT: _ClassVar[StepAction]
    STEP_ACTION_SET_PRIORITY: _ClassVar[StepAction]
    STEP_ACTION_MOVE_TO_QUEUE: _ClassVar[StepAction]
    STEP_ACTION_ADD_QUEUE: _ClassVar[StepAction]
    STEP_ACTION_START_TREATMENT: _ClassVar[StepAction]
    STEP_ACTION_OFFER_CALLBACK: _ClassVar[StepAction]
    STEP_ACTION_END_WAIT: _ClassVar[StepAction]

class MoveCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MOVE_CAUSE_UNSPECIFIED: _ClassVar[MoveCause]
    MOVE_CAUSE_STEP: _ClassVar[MoveCause]
    MOVE_CAUSE_FULL: _ClassVar[MoveCause]
    MOVE_CAUSE_CLOSED: _ClassVar[MoveCause]

class ReservationEnd(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESERVATION_END_UNSPECIFIED: _ClassVar[ReservationEnd]
    RESERVATION_END_TIME_OVER: _ClassVar[ReservationEnd]
    RESERVATION_END_NOBODY_LEFT: _ClassVar[ReservationEnd]
    RESERVATION_END_REPLACED: _ClassVar[ReservationEnd]

class SegmentCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEGMENT_CAUSE_UNSPECIFIED: _ClassVar[SegmentCause]
    SEGMENT_CAUSE_CALLBACK: _ClassVar[SegmentCause]
    SEGMENT_CAUSE_RETRY: _ClassVar[SegmentCause]
    SEGMENT_CAUSE_TRANSFER: _ClassVar[SegmentCause]
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_POLICY_APPLIED: EventType
EVENT_TYPE_AGENT_ADDED: EventType
EVENT_TYPE_AGENT_UPDATED: EventType
EVENT_TYPE_AGENT_REMOVED: EventType
EVENT_TYPE_PRESENCE_CHANGED: EventType
EVENT_TYPE_AGENT_DELAYED: EventType
EVENT_TYPE_AGENT_DELAY_ENDED: EventType
EVENT_TYPE_CONTACT_ENQUEUED: EventType
EVENT_TYPE_CONTACT_UPDATED: EventType
EVENT_TYPE_CONTACT_HELD: EventType
EVENT_TYPE_CONTACT_RETRIEVED: EventType
EVENT_TYPE_CONTACT_DETACHED: EventType
EVENT_TYPE_CONTACT_ATTACHED: EventType
EVENT_TYPE_OFFER_MADE: EventType
EVENT_TYPE_OFFER_ACCEPTED: EventType
EVENT_TYPE_CONTACT_ASSIGNED: EventType
EVENT_TYPE_OFFER_ENDED: EventType
EVENT_TYPE_AGENT_EXCLUDED: EventType
EVENT_TYPE_EXCLUSION_ENDED: EventType
EVENT_TYPE_CONTACT_COMPLETED: EventType
EVENT_TYPE_CONTACT_CLOSED: EventType
EVENT_TYPE_CONTACT_UNATTENDED: EventType
EVENT_TYPE_RESUMED: EventType
EVENT_TYPE_PLAN_STEP_TAKEN: EventType
EVENT_TYPE_CONTACT_MOVED: EventType
EVENT_TYPE_TREATMENT_STARTED: EventType
EVENT_TYPE_CALLBACK_OFFERED: EventType
EVENT_TYPE_WAIT_ENDED: EventType
EVENT_TYPE_QUEUE_OPENED: EventType
EVENT_TYPE_QUEUE_CLOSED: EventType
EVENT_TYPE_CONTACT_RESERVED: EventType
EVENT_TYPE_RESERVATION_ENDED: EventType
EVENT_TYPE_SEGMENT_OPENED: EventType
EVENT_TYPE_CALLBACK_SET: EventType
EVENT_TYPE_CONTACT_SCHEDULED: EventType
EVENT_TYPE_CALLBACK_DUE: EventType
EVENT_TYPE_CONSULTATION_OPENED: EventType
EVENT_TYPE_CUSTOMER_FORGOTTEN: EventType
OFFER_OUTCOME_UNSPECIFIED: OfferOutcome
OFFER_OUTCOME_DECLINED: OfferOutcome
OFFER_OUTCOME_BUSY: OfferOutcome
OFFER_OUTCOME_UNREACHABLE: OfferOutcome
OFFER_OUTCOME_MISSED: OfferOutcome
OFFER_OUTCOME_RELEASED: OfferOutcome
OFFER_OUTCOME_WITHDRAWN: OfferOutcome
OFFER_OUTCOME_ACCEPTED: OfferOutcome
CHOSEN_BY_UNSPECIFIED: ChosenBy
CHOSEN_BY_CONTACT: ChosenBy
CHOSEN_BY_AGENT: ChosenBy
MATCH_CAUSE_UNSPECIFIED: MatchCause
MATCH_CAUSE_TURN: MatchCause
MATCH_CAUSE_PREFERRED: MatchCause
MATCH_CAUSE_PICKED: MatchCause
MATCH_CAUSE_TRANSFERRED: MatchCause
STEP_ACTION_UNSPECIFIED: StepAction
STEP_ACTION_SET_REQUIREMENT: StepAction
STEP_ACTION_LOWER_LEVEL: StepAction
STEP_ACTION_DROP_SKILL: StepAction
STEP_ACTION_RAISE_MAX_TIER: StepAction
STEP_ACTION_ADD_CREDIT: StepAction
STEP_ACTION_SET_PRIORITY: StepAction
STEP_ACTION_MOVE_TO_QUEUE: StepAction
STEP_ACTION_ADD_QUEUE: StepAction
STEP_ACTION_START_TREATMENT: StepAction
STEP_ACTION_OFFER_CALLBACK: StepAction
STEP_ACTION_END_WAIT: StepAction
MOVE_CAUSE_UNSPECIFIED: MoveCause
MOVE_CAUSE_STEP: MoveCause
MOVE_CAUSE_FULL: MoveCause
MOVE_CAUSE_CLOSED: MoveCause
RESERVATION_END_UNSPECIFIED: ReservationEnd
RESERVATION_END_TIME_OVER: ReservationEnd
RESERVATION_END_NOBODY_LEFT: ReservationEnd
RESERVATION_END_REPLACED: ReservationEnd
SEGMENT_CAUSE_UNSPECIFIED: SegmentCause
SEGMENT_CAUSE_CALLBACK: SegmentCause
SEGMENT_CAUSE_RETRY: SegmentCause
SEGMENT_CAUSE_TRANSFER: SegmentCause

class Decision(_message.Message):
    __slots__ = ("tier", "priority", "score", "wait", "strategy", "chosen_by", "policy_version", "plan_steps_taken", "cause", "requested_by")
    TIER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    CHOSEN_BY_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    PLAN_STEPS_TAKEN_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_FIELD_NUMBER: _ClassVar[int]
    tier: int
    priority: int
    score: int
    wait: _duration_pb2.Duration
    strategy: _policy_pb2.Strategy
    chosen_by: ChosenBy
    policy_version: int
    plan_steps_taken: int
    cause: MatchCause
    requested_by: str
    def __init__(self, tier: _Optional[int] = ..., priority: _Optional[int] = ..., score: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., strategy: _Optional[_Union[_policy_pb2.Strategy, str]] = ..., chosen_by: _Optional[_Union[ChosenBy, str]] = ..., policy_version: _Optional[int] = ..., plan_steps_taken: _Optional[int] = ..., cause: _Optional[_Union[MatchCause, str]] = ..., requested_by: _Optional[str] = ...) -> None: ...

class PolicyApplied(_message.Message):
    __slots__ = ("policy_version",)
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    policy_version: int
    def __init__(self, policy_version: _Optional[int] = ...) -> None: ...

class AgentAdded(_message.Message):
    __slots__ = ("agent_id", "ordinal", "spec")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    ordinal: int
    spec: _agent_pb2.AgentSpec
    def __init__(self, agent_id: _Optional[str] = ..., ordinal: _Optional[int] = ..., spec: _Optional[_Union[_agent_pb2.AgentSpec, _Mapping]] = ...) -> None: ...

class AgentUpdated(_message.Message):
    __slots__ = ("agent_id", "ordinal", "spec")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    ordinal: int
    spec: _agent_pb2.AgentSpec
    def __init__(self, agent_id: _Optional[str] = ..., ordinal: _Optional[int] = ..., spec: _Optional[_Union[_agent_pb2.AgentSpec, _Mapping]] = ...) -> None: ...

class AgentRemoved(_message.Message):
    __slots__ = ("agent_id", "ordinal")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    ordinal: int
    def __init__(self, agent_id: _Optional[str] = ..., ordinal: _Optional[int] = ...) -> None: ...

class PresenceChanged(_message.Message):
    __slots__ = ("agent_id", "presence", "reason", "cause", "lease_until")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    LEASE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    presence: _agent_pb2.Presence
    reason: str
    cause: _agent_pb2.PresenceCause
    lease_until: _timestamp_pb2.Timestamp
    def __init__(self, agent_id: _Optional[str] = ..., presence: _Optional[_Union[_agent_pb2.Presence, str]] = ..., reason: _Optional[str] = ..., cause: _Optional[_Union[_agent_pb2.PresenceCause, str]] = ..., lease_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AgentDelayed(_message.Message):
    __slots__ = ("agent_id", "until")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, agent_id: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AgentDelayEnded(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class ContactEnqueued(_message.Message):
    __slots__ = ("contact_id", "ordinal", "queue_id", "channel", "requirement", "priority", "credit", "customer_id", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    ordinal: int
    queue_id: str
    channel: str
    requirement: str
    priority: int
    credit: _duration_pb2.Duration
    customer_id: str
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, contact_id: _Optional[str] = ..., ordinal: _Optional[int] = ..., queue_id: _Optional[str] = ..., channel: _Optional[str] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., customer_id: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ContactUpdated(_message.Message):
    __slots__ = ("contact_id", "requirement", "priority", "credit", "attributes", "raised_tier")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    RAISED_TIER_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    requirement: str
    priority: int
    credit: _duration_pb2.Duration
    attributes: _containers.ScalarMap[str, str]
    raised_tier: int
    def __init__(self, contact_id: _Optional[str] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., attributes: _Optional[_Mapping[str, str]] = ..., raised_tier: _Optional[int] = ...) -> None: ...

class ContactHeld(_message.Message):
    __slots__ = ("contact_id", "agent_id")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ...) -> None: ...

class ContactRetrieved(_message.Message):
    __slots__ = ("contact_id", "agent_id")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ...) -> None: ...

class ContactDetached(_message.Message):
    __slots__ = ("contact_id", "until")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, contact_id: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ContactAttached(_message.Message):
    __slots__ = ("contact_id",)
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    def __init__(self, contact_id: _Optional[str] = ...) -> None: ...

class OfferMade(_message.Message):
    __slots__ = ("contact_id", "agent_id", "queue_id", "offer_id", "expires_at", "decision")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    queue_id: str
    offer_id: int
    expires_at: _timestamp_pb2.Timestamp
    decision: Decision
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., offer_id: _Optional[int] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ...) -> None: ...

class OfferAccepted(_message.Message):
    __slots__ = ("contact_id", "agent_id", "queue_id", "offer_id", "wait")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    queue_id: str
    offer_id: int
    wait: _duration_pb2.Duration
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., offer_id: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ContactAssigned(_message.Message):
    __slots__ = ("contact_id", "agent_id", "queue_id", "offer_id", "decision")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    queue_id: str
    offer_id: int
    decision: Decision
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., offer_id: _Optional[int] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ...) -> None: ...

class OfferEnded(_message.Message):
    __slots__ = ("contact_id", "agent_id", "queue_id", "offer_id", "outcome")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    queue_id: str
    offer_id: int
    outcome: OfferOutcome
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., offer_id: _Optional[int] = ..., outcome: _Optional[_Union[OfferOutcome, str]] = ...) -> None: ...

class AgentExcluded(_message.Message):
    __slots__ = ("contact_id", "agent_id", "until")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ExclusionEnded(_message.Message):
    __slots__ = ("contact_id", "agent_id")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ...) -> None: ...

class ContactCompleted(_message.Message):
    __slots__ = ("contact_id", "agent_id", "queue_id", "wrap_up_until", "duration")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    WRAP_UP_UNTIL_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    queue_id: str
    wrap_up_until: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., wrap_up_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ContactClosed(_message.Message):
    __slots__ = ("contact_id", "agent_id", "queue_id", "cause", "wait", "duration")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    queue_id: str
    cause: _contact_pb2.EndCause
    wait: _duration_pb2.Duration
    duration: _duration_pb2.Duration
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., cause: _Optional[_Union[_contact_pb2.EndCause, str]] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ContactUnattended(_message.Message):
    __slots__ = ("contact_id", "agent_id")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ...) -> None: ...

class Resumed(_message.Message):
    __slots__ = ("outage",)
    OUTAGE_FIELD_NUMBER: _ClassVar[int]
    outage: _duration_pb2.Duration
    def __init__(self, outage: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class PlanStepTaken(_message.Message):
    __slots__ = ("contact_id", "queue_id", "step", "action", "requirement", "priority", "credit", "raised_tier", "policy_version")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    RAISED_TIER_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    queue_id: str
    step: int
    action: StepAction
    requirement: str
    priority: int
    credit: _duration_pb2.Duration
    raised_tier: int
    policy_version: int
    def __init__(self, contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., step: _Optional[int] = ..., action: _Optional[_Union[StepAction, str]] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., raised_tier: _Optional[int] = ..., policy_version: _Optional[int] = ...) -> None: ...

class ContactMoved(_message.Message):
    __slots__ = ("contact_id", "queue_id", "second_queue_id", "cause", "wait")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    SECOND_QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    queue_id: str
    second_queue_id: str
    cause: MoveCause
    wait: _duration_pb2.Duration
    def __init__(self, contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., second_queue_id: _Optional[str] = ..., cause: _Optional[_Union[MoveCause, str]] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class TreatmentStarted(_message.Message):
    __slots__ = ("contact_id", "queue_id", "step", "treatment", "position", "expected_wait")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_WAIT_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    queue_id: str
    step: int
    treatment: _policy_pb2.Treatment
    position: int
    expected_wait: _duration_pb2.Duration
    def __init__(self, contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., step: _Optional[int] = ..., treatment: _Optional[_Union[_policy_pb2.Treatment, _Mapping]] = ..., position: _Optional[int] = ..., expected_wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CallbackOffered(_message.Message):
    __slots__ = ("contact_id", "queue_id", "step", "announcement", "position", "expected_wait")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    ANNOUNCEMENT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_WAIT_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    queue_id: str
    step: int
    announcement: str
    position: int
    expected_wait: _duration_pb2.Duration
    def __init__(self, contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., step: _Optional[int] = ..., announcement: _Optional[str] = ..., position: _Optional[int] = ..., expected_wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WaitEnded(_message.Message):
    __slots__ = ("contact_id", "queue_id", "end")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    queue_id: str
    end: _policy_pb2.EndWait
    def __init__(self, contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., end: _Optional[_Union[_policy_pb2.EndWait, _Mapping]] = ...) -> None: ...

class QueueOpened(_message.Message):
    __slots__ = ("queue_id",)
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    queue_id: str
    def __init__(self, queue_id: _Optional[str] = ...) -> None: ...

class QueueClosed(_message.Message):
    __slots__ = ("queue_id",)
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    queue_id: str
    def __init__(self, queue_id: _Optional[str] = ...) -> None: ...

class ContactReserved(_message.Message):
    __slots__ = ("contact_id", "until")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, contact_id: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReservationEnded(_message.Message):
    __slots__ = ("contact_id", "cause")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    cause: ReservationEnd
    def __init__(self, contact_id: _Optional[str] = ..., cause: _Optional[_Union[ReservationEnd, str]] = ...) -> None: ...

class SegmentOpened(_message.Message):
    __slots__ = ("contact_id", "queue_id", "channel", "requirement", "priority", "credit", "cause", "wait")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    queue_id: str
    channel: str
    requirement: str
    priority: int
    credit: _duration_pb2.Duration
    cause: SegmentCause
    wait: _duration_pb2.Duration
    def __init__(self, contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., channel: _Optional[str] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., cause: _Optional[_Union[SegmentCause, str]] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CallbackSet(_message.Message):
    __slots__ = ("contact_id", "address", "window_end", "attempts_left")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_LEFT_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    address: str
    window_end: _timestamp_pb2.Timestamp
    attempts_left: int
    def __init__(self, contact_id: _Optional[str] = ..., address: _Optional[str] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempts_left: _Optional[int] = ...) -> None: ...

class ContactScheduled(_message.Message):
    __slots__ = ("contact_id", "until")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, contact_id: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CallbackDue(_message.Message):
    __slots__ = ("contact_id", "queue_id")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    queue_id: str
    def __init__(self, contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ...) -> None: ...

class ConsultationOpened(_message.Message):
    __slots__ = ("contact_id", "agent_id", "consults_contact_id")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONSULTS_CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    consults_contact_id: str
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., consults_contact_id: _Optional[str] = ...) -> None: ...

class CustomerForgotten(_message.Message):
    __slots__ = ("contact_id",)
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    def __init__(self, contact_id: _Optional[str] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("event_seq", "seq", "at", "asked_by", "forgotten_by_seq", "policy_applied", "agent_added", "agent_updated", "agent_removed", "presence_changed", "agent_delayed", "agent_delay_ended", "contact_enqueued", "contact_updated", "contact_held", "contact_retrieved", "contact_detached", "contact_attached", "offer_made", "offer_accepted", "contact_assigned", "offer_ended", "agent_excluded", "exclusion_ended", "contact_completed", "contact_closed", "contact_unattended", "resumed", "plan_step_taken", "contact_moved", "treatment_started", "callback_offered", "wait_ended", "queue_opened", "queue_closed", "contact_reserved", "reservation_ended", "segment_opened", "callback_set", "contact_scheduled", "callback_due", "consultation_opened", "customer_forgotten")
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ASKED_BY_FIELD_NUMBER: _ClassVar[int]
    FORGOTTEN_BY_SEQ_FIELD_NUMBER: _ClassVar[int]
    POLICY_APPLIED_FIELD_NUMBER: _ClassVar[int]
    AGENT_ADDED_FIELD_NUMBER: _ClassVar[int]
    AGENT_UPDATED_FIELD_NUMBER: _ClassVar[int]
    AGENT_REMOVED_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    AGENT_DELAYED_FIELD_NUMBER: _ClassVar[int]
    AGENT_DELAY_ENDED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ENQUEUED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_UPDATED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_HELD_FIELD_NUMBER: _ClassVar[int]
    CONTACT_RETRIEVED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_DETACHED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ATTACHED_FIELD_NUMBER: _ClassVar[int]
    OFFER_MADE_FIELD_NUMBER: _ClassVar[int]
    OFFER_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ASSIGNED_FIELD_NUMBER: _ClassVar[int]
    OFFER_ENDED_FIELD_NUMBER: _ClassVar[int]
    AGENT_EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    EXCLUSION_ENDED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_CLOSED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_UNATTENDED_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    PLAN_STEP_TAKEN_FIELD_NUMBER: _ClassVar[int]
    CONTACT_MOVED_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_STARTED_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_OFFERED_FIELD_NUMBER: _ClassVar[int]
    WAIT_ENDED_FIELD_NUMBER: _ClassVar[int]
    QUEUE_OPENED_FIELD_NUMBER: _ClassVar[int]
    QUEUE_CLOSED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_RESERVED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ENDED_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_OPENED_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_SET_FIELD_NUMBER: _ClassVar[int]
    CONTACT_SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_DUE_FIELD_NUMBER: _ClassVar[int]
    CONSULTATION_OPENED_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FORGOTTEN_FIELD_NUMBER: _ClassVar[int]
    event_seq: int
    seq: int
    at: _timestamp_pb2.Timestamp
    asked_by: str
    forgotten_by_seq: int
    policy_applied: PolicyApplied
    agent_added: AgentAdded
    agent_updated: AgentUpdated
    agent_removed: AgentRemoved
    presence_changed: PresenceChanged
    agent_delayed: AgentDelayed
    agent_delay_ended: AgentDelayEnded
    contact_enqueued: ContactEnqueued
    contact_updated: ContactUpdated
    contact_held: ContactHeld
    contact_retrieved: ContactRetrieved
    contact_detached: ContactDetached
    contact_attached: ContactAttached
    offer_made: OfferMade
    offer_accepted: OfferAccepted
    contact_assigned: ContactAssigned
    offer_ended: OfferEnded
    agent_excluded: AgentExcluded
    exclusion_ended: ExclusionEnded
    contact_completed: ContactCompleted
    contact_closed: ContactClosed
    contact_unattended: ContactUnattended
    resumed: Resumed
    plan_step_taken: PlanStepTaken
    contact_moved: ContactMoved
    treatment_started: TreatmentStarted
    callback_offered: CallbackOffered
    wait_ended: WaitEnded
    queue_opened: QueueOpened
    queue_closed: QueueClosed
    contact_reserved: ContactReserved
    reservation_ended: ReservationEnded
    segment_opened: SegmentOpened
    callback_set: CallbackSet
    contact_scheduled: ContactScheduled
    callback_due: CallbackDue
    consultation_opened: ConsultationOpened
    customer_forgotten: CustomerForgotten
    def __init__(self, event_seq: _Optional[int] = ..., seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., asked_by: _Optional[str] = ..., forgotten_by_seq: _Optional[int] = ..., policy_applied: _Optional[_Union[PolicyApplied, _Mapping]] = ..., agent_added: _Optional[_Union[AgentAdded, _Mapping]] = ..., agent_updated: _Optional[_Union[AgentUpdated, _Mapping]] = ..., agent_removed: _Optional[_Union[AgentRemoved, _Mapping]] = ..., presence_changed: _Optional[_Union[PresenceChanged, _Mapping]] = ..., agent_delayed: _Optional[_Union[AgentDelayed, _Mapping]] = ..., agent_delay_ended: _Optional[_Union[AgentDelayEnded, _Mapping]] = ..., contact_enqueued: _Optional[_Union[ContactEnqueued, _Mapping]] = ..., contact_updated: _Optional[_Union[ContactUpdated, _Mapping]] = ..., contact_held: _Optional[_Union[ContactHeld, _Mapping]] = ..., contact_retrieved: _Optional[_Union[ContactRetrieved, _Mapping]] = ..., contact_detached: _Optional[_Union[ContactDetached, _Mapping]] = ..., contact_attached: _Optional[_Union[ContactAttached, _Mapping]] = ..., offer_made: _Optional[_Union[OfferMade, _Mapping]] = ..., offer_accepted: _Optional[_Union[OfferAccepted, _Mapping]] = ..., contact_assigned: _Optional[_Union[ContactAssigned, _Mapping]] = ..., offer_ended: _Optional[_Union[OfferEnded, _Mapping]] = ..., agent_excluded: _Optional[_Union[AgentExcluded, _Mapping]] = ..., exclusion_ended: _Optional[_Union[ExclusionEnded, _Mapping]] = ..., contact_completed: _Optional[_Union[ContactCompleted, _Mapping]] = ..., contact_closed: _Optional[_Union[ContactClosed, _Mapping]] = ..., contact_unattended: _Optional[_Union[ContactUnattended, _Mapping]] = ..., resumed: _Optional[_Union[Resumed, _Mapping]] = ..., plan_step_taken: _Optional[_Union[PlanStepTaken, _Mapping]] = ..., contact_moved: _Optional[_Union[ContactMoved, _Mapping]] = ..., treatment_started: _Optional[_Union[TreatmentStarted, _Mapping]] = ..., callback_offered: _Optional[_Union[CallbackOffered, _Mapping]] = ..., wait_ended: _Optional[_Union[WaitEnded, _Mapping]] = ..., queue_opened: _Optional[_Union[QueueOpened, _Mapping]] = ..., queue_closed: _Optional[_Union[QueueClosed, _Mapping]] = ..., contact_reserved: _Optional[_Union[ContactReserved, _Mapping]] = ..., reservation_ended: _Optional[_Union[ReservationEnded, _Mapping]] = ..., segment_opened: _Optional[_Union[SegmentOpened, _Mapping]] = ..., callback_set: _Optional[_Union[CallbackSet, _Mapping]] = ..., contact_scheduled: _Optional[_Union[ContactScheduled, _Mapping]] = ..., callback_due: _Optional[_Union[CallbackDue, _Mapping]] = ..., consultation_opened: _Optional[_Union[ConsultationOpened, _Mapping]] = ..., customer_forgotten: _Optional[_Union[CustomerForgotten, _Mapping]] = ...) -> None: ...
