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

class Presence(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRESENCE_UNSPECIFIED: _ClassVar[Presence]
    PRESENCE_OFFLINE: _ClassVar[Presence]
    PRESENCE_READY: _ClassVar[Presence]
    PRESENCE_AWAY: _ClassVar[Presence]

class PresenceCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRESENCE_CAUSE_UNSPECIFIED: _ClassVar[PresenceCause]
    PRESENCE_CAUSE_REQUESTED: _ClassVar[PresenceCause]
    PRESENCE_CAUSE_LEASE_EXPIRED: _ClassVar[PresenceCause]
    PRESENCE_CAUSE_NOT_RESPONDING: _ClassVar[PresenceCause]
    PRESENCE_CAUSE_REMOVED: _ClassVar[PresenceCause]
    PRESENCE_CAUSE_SET_ASIDE: _ClassVar[PresenceCause]
PRESENCE_UNSPECIFIED: Presence
PRESENCE_OFFLINE: Presence
PRESENCE_READY: Presence
PRESENCE_AWAY: Presence
PRESENCE_CAUSE_UNSPECIFIED: PresenceCause
PRESENCE_CAUSE_REQUESTED: PresenceCause
PRESENCE_CAUSE_LEASE_EXPIRED: PresenceCause
PRESENCE_CAUSE_NOT_RESPONDING: PresenceCause
PRESENCE_CAUSE_REMOVED: PresenceCause
PRESENCE_CAUSE_SET_ASIDE: PresenceCause

class QueueMembership(_message.Message):
    __slots__ = ("queue_id", "tier", "position")
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    queue_id: str
    tier: int
    position: int
    def __init__(self, queue_id: _Optional[str] = ..., tier: _Optional[int] = ..., position: _Optional[int] = ...) -> None: ...

class AgentSpec(_message.Message):
    __slots__ = ("agent_id", "skills", "capacity", "channel_maxima", "memberships", "display_name", "weight")
    class SkillsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class ChannelMaximaEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    SKILLS_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_MAXIMA_FIELD_NUMBER: _ClassVar[int]
    MEMBERSHIPS_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    skills: _containers.ScalarMap[str, int]
    capacity: int
    channel_maxima: _containers.ScalarMap[str, int]
    memberships: _containers.RepeatedCompositeFieldContainer[QueueMembership]
    display_name: str
    weight: int
    def __init__(self, agent_id: _Optional[str] = ..., skills: _Optional[_Mapping[str, int]] = ..., capacity: _Optional[int] = ..., channel_maxima: _Optional[_Mapping[str, int]] = ..., memberships: _Optional[_Iterable[_Union[QueueMembership, _Mapping]]] = ..., display_name: _Optional[str] = ..., weight: _Optional[int] = ...) -> None: ...

class Agent(_message.Message):
    __slots__ = ("spec", "ordinal", "presence", "reason", "idle_since", "delayed_until", "lease", "leaving", "used", "contact_ids", "contacts_begun", "talk")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    IDLE_SINCE_FIELD_NUMBER: _ClassVar[int]
    DELAYED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    LEAVING_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_IDS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_BEGUN_FIELD_NUMBER: _ClassVar[int]
    TALK_FIELD_NUMBER: _ClassVar[int]
    spec: AgentSpec
    ordinal: int
    presence: Presence
    reason: str
    idle_since: _timestamp_pb2.Timestamp
    delayed_until: _timestamp_pb2.Timestamp
    lease: _duration_pb2.Duration
    leaving: bool
    used: int
    contact_ids: _containers.RepeatedScalarFieldContainer[str]
    contacts_begun: int
    talk: _duration_pb2.Duration
    def __init__(self, spec: _Optional[_Union[AgentSpec, _Mapping]] = ..., ordinal: _Optional[int] = ..., presence: _Optional[_Union[Presence, str]] = ..., reason: _Optional[str] = ..., idle_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delayed_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lease: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., leaving: _Optional[bool] = ..., used: _Optional[int] = ..., contact_ids: _Optional[_Iterable[str]] = ..., contacts_begun: _Optional[int] = ..., talk: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
