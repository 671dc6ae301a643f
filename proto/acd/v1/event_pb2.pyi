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

class Decision(_message.Message):
    __slots__ = ("tier", "priority", "score", "wait", "strategy", "chosen_by", "policy_version")
    TIER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    CHOSEN_BY_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    tier: int
    priority: int
    score: int
    wait: _duration_pb2.Duration
    strategy: _policy_pb2.Strategy
    chosen_by: ChosenBy
    policy_version: int
    def __init__(self, tier: _Optional[int] = ..., priority: _Optional[int] = ..., score: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., strategy: _Optional[_Union[_policy_pb2.Strategy, str]] = ..., chosen_by: _Optional[_Union[ChosenBy, str]] = ..., policy_version: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("contact_id", "requirement", "priority", "credit", "attributes")
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
    contact_id: str
    requirement: str
    priority: int
    credit: _duration_pb2.Duration
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, contact_id: _Optional[str] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

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

class Event(_message.Message):
    __slots__ = ("event_seq", "seq", "at", "policy_applied", "agent_added", "agent_updated", "agent_removed", "presence_changed", "agent_delayed", "agent_delay_ended", "contact_enqueued", "contact_updated", "contact_held", "contact_retrieved", "contact_detached", "contact_attached", "offer_made", "offer_accepted", "contact_assigned", "offer_ended", "agent_excluded", "exclusion_ended", "contact_completed", "contact_closed", "contact_unattended", "resumed")
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
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
    event_seq: int
    seq: int
    at: _timestamp_pb2.Timestamp
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
    def __init__(self, event_seq: _Optional[int] = ..., seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., policy_applied: _Optional[_Union[PolicyApplied, _Mapping]] = ..., agent_added: _Optional[_Union[AgentAdded, _Mapping]] = ..., agent_updated: _Optional[_Union[AgentUpdated, _Mapping]] = ..., agent_removed: _Optional[_Union[AgentRemoved, _Mapping]] = ..., presence_changed: _Optional[_Union[PresenceChanged, _Mapping]] = ..., agent_delayed: _Optional[_Union[AgentDelayed, _Mapping]] = ..., agent_delay_ended: _Optional[_Union[AgentDelayEnded, _Mapping]] = ..., contact_enqueued: _Optional[_Union[ContactEnqueued, _Mapping]] = ..., contact_updated: _Optional[_Union[ContactUpdated, _Mapping]] = ..., contact_held: _Optional[_Union[ContactHeld, _Mapping]] = ..., contact_retrieved: _Optional[_Union[ContactRetrieved, _Mapping]] = ..., contact_detached: _Optional[_Union[ContactDetached, _Mapping]] = ..., contact_attached: _Optional[_Union[ContactAttached, _Mapping]] = ..., offer_made: _Optional[_Union[OfferMade, _Mapping]] = ..., offer_accepted: _Optional[_Union[OfferAccepted, _Mapping]] = ..., contact_assigned: _Optional[_Union[ContactAssigned, _Mapping]] = ..., offer_ended: _Optional[_Union[OfferEnded, _Mapping]] = ..., agent_excluded: _Optional[_Union[AgentExcluded, _Mapping]] = ..., exclusion_ended: _Optional[_Union[ExclusionEnded, _Mapping]] = ..., contact_completed: _Optional[_Union[ContactCompleted, _Mapping]] = ..., contact_closed: _Optional[_Union[ContactClosed, _Mapping]] = ..., contact_unattended: _Optional[_Union[ContactUnattended, _Mapping]] = ..., resumed: _Optional[_Union[Resumed, _Mapping]] = ...) -> None: ...
