import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ContactState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTACT_STATE_UNSPECIFIED: _ClassVar[ContactState]
    CONTACT_STATE_WAITING: _ClassVar[ContactState]
    CONTACT_STATE_OFFERED: _ClassVar[ContactState]
    CONTACT_STATE_ACTIVE: _ClassVar[ContactState]
    CONTACT_STATE_WRAP_UP: _ClassVar[ContactState]
    CONTACT_STATE_CLOSED: _ClassVar[ContactState]
    CONTACT_STATE_SCHEDULED: _ClassVar[ContactState]

class EndCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    END_CAUSE_UNSPECIFIED: _ClassVar[EndCause]
    END_CAUSE_HANDLED: _ClassVar[EndCause]
    END_CAUSE_ABANDONED: _ClassVar[EndCause]
    END_CAUSE_SHORT_ABANDON: _ClassVar[EndCause]
    END_CAUSE_OVERFLOWED: _ClassVar[EndCause]
    END_CAUSE_TIMED_OUT: _ClassVar[EndCause]
    END_CAUSE_REFUSED_FULL: _ClassVar[EndCause]
    END_CAUSE_REFUSED_CLOSED: _ClassVar[EndCause]
    END_CAUSE_MOVED_TO_CALLBACK: _ClassVar[EndCause]
    END_CAUSE_TRANSFERRED: _ClassVar[EndCause]
    END_CAUSE_CANCELLED: _ClassVar[EndCause]
    END_CAUSE_LOST: _ClassVar[EndCause]
    END_CAUSE_SET_ASIDE: _ClassVar[EndCause]
CONTACT_STATE_UNSPECIFIED: ContactState
CONTACT_STATE_WAITING: ContactState
CONTACT_STATE_OFFERED: ContactState
CONTACT_STATE_ACTIVE: ContactState
CONTACT_STATE_WRAP_UP: ContactState
CONTACT_STATE_CLOSED: ContactState
CONTACT_STATE_SCHEDULED: ContactState
END_CAUSE_UNSPECIFIED: EndCause
END_CAUSE_HANDLED: EndCause
END_CAUSE_ABANDONED: EndCause
END_CAUSE_SHORT_ABANDON: EndCause
END_CAUSE_OVERFLOWED: EndCause
END_CAUSE_TIMED_OUT: EndCause
END_CAUSE_REFUSED_FULL: EndCause
END_CAUSE_REFUSED_CLOSED: EndCause
END_CAUSE_MOVED_TO_CALLBACK: EndCause
END_CAUSE_TRANSFERRED: EndCause
END_CAUSE_CANCELLED: EndCause
END_CAUSE_LOST: EndCause
END_CAUSE_SET_ASIDE: EndCause

class Attributes(_message.Message):
    __slots__ = ("values",)
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.ScalarMap[str, str]
    def __init__(self, values: _Optional[_Mapping[str, str]] = ...) -> None: ...

class AgentPreference(_message.Message):
    __slots__ = ("agent_ids", "hold", "only_these")
    AGENT_IDS_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    ONLY_THESE_FIELD_NUMBER: _ClassVar[int]
    agent_ids: _containers.RepeatedScalarFieldContainer[str]
    hold: _duration_pb2.Duration
    only_these: bool
    def __init__(self, agent_ids: _Optional[_Iterable[str]] = ..., hold: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., only_these: _Optional[bool] = ...) -> None: ...

class Callback(_message.Message):
    __slots__ = ("address", "window_start", "window_end", "attempts_max")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_MAX_FIELD_NUMBER: _ClassVar[int]
    address: str
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    attempts_max: int
    def __init__(self, address: _Optional[str] = ..., window_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempts_max: _Optional[int] = ...) -> None: ...

class Contact(_message.Message):
    __slots__ = ("contact_id", "ordinal", "queue_id", "channel", "requirement", "priority", "credit", "customer_id", "attributes", "state", "state_since", "arrived_at", "agent_id", "offer_id", "offer_expires_at", "accepted_at", "held", "attached", "second_queue_id", "preference", "callback", "consults_contact_id", "plan_steps_taken", "opened_at", "reserved_for_agent_ids", "callback_attempts", "skill_weights")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class SkillWeightsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_SINCE_FIELD_NUMBER: _ClassVar[int]
    ARRIVED_AT_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_AT_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_FIELD_NUMBER: _ClassVar[int]
    SECOND_QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    PREFERENCE_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_FIELD_NUMBER: _ClassVar[int]
    CONSULTS_CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_STEPS_TAKEN_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FOR_AGENT_IDS_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    SKILL_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    ordinal: int
    queue_id: str
    channel: str
    requirement: str
    priority: int
    credit: _duration_pb2.Duration
    customer_id: str
    attributes: _containers.ScalarMap[str, str]
    state: ContactState
    state_since: _timestamp_pb2.Timestamp
    arrived_at: _timestamp_pb2.Timestamp
    agent_id: str
    offer_id: int
    offer_expires_at: _timestamp_pb2.Timestamp
    accepted_at: _timestamp_pb2.Timestamp
    held: bool
    attached: bool
    second_queue_id: str
    preference: AgentPreference
    callback: Callback
    consults_contact_id: str
    plan_steps_taken: int
    opened_at: _timestamp_pb2.Timestamp
    reserved_for_agent_ids: _containers.RepeatedScalarFieldContainer[str]
    callback_attempts: int
    skill_weights: _containers.ScalarMap[str, int]
    def __init__(self, contact_id: _Optional[str] = ..., ordinal: _Optional[int] = ..., queue_id: _Optional[str] = ..., channel: _Optional[str] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., customer_id: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., state: _Optional[_Union[ContactState, str]] = ..., state_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., arrived_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., agent_id: _Optional[str] = ..., offer_id: _Optional[int] = ..., offer_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., accepted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., held: _Optional[bool] = ..., attached: _Optional[bool] = ..., second_queue_id: _Optional[str] = ..., preference: _Optional[_Union[AgentPreference, _Mapping]] = ..., callback: _Optional[_Union[Callback, _Mapping]] = ..., consults_contact_id: _Optional[str] = ..., plan_steps_taken: _Optional[int] = ..., opened_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reserved_for_agent_ids: _Optional[_Iterable[str]] = ..., callback_attempts: _Optional[int] = ..., skill_weights: _Optional[_Mapping[str, int]] = ...) -> None: ...

class ContactStanding(_message.Message):
    __slots__ = ("contact_id", "state", "agent_id", "offer_id", "offer_expires_at")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    state: ContactState
    agent_id: str
    offer_id: int
    offer_expires_at: _timestamp_pb2.Timestamp
    def __init__(self, contact_id: _Optional[str] = ..., state: _Optional[_Union[ContactState, str]] = ..., agent_id: _Optional[str] = ..., offer_id: _Optional[int] = ..., offer_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
