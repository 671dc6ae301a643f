import datetime

from acd.v1 import agent_pb2 as _agent_pb2
from acd.v1 import contact_pb2 as _contact_pb2
from acd.v1 import event_pb2 as _event_pb2
from acd.v1 import policy_pb2 as _policy_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubscribeRequest(_message.Message):
    __slots__ = ("from_event_seq", "now", "snapshot", "types", "queue_ids", "agent_ids")
    FROM_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    QUEUE_IDS_FIELD_NUMBER: _ClassVar[int]
    AGENT_IDS_FIELD_NUMBER: _ClassVar[int]
    from_event_seq: int
    now: FromNow
    snapshot: FromSnapshot
    types: _containers.RepeatedScalarFieldContainer[_event_pb2.EventType]
    queue_ids: _containers.RepeatedScalarFieldContainer[str]
    agent_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, from_event_seq: _Optional[int] = ..., now: _Optional[_Union[FromNow, _Mapping]] = ..., snapshot: _Optional[_Union[FromSnapshot, _Mapping]] = ..., types: _Optional[_Iterable[_Union[_event_pb2.EventType, str]]] = ..., queue_ids: _Optional[_Iterable[str]] = ..., agent_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class FromNow(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FromSnapshot(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ("next_event_seq", "events", "snapshot", "progress", "at")
    NEXT_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    next_event_seq: int
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    snapshot: SnapshotPart
    progress: bool
    at: _timestamp_pb2.Timestamp
    def __init__(self, next_event_seq: _Optional[int] = ..., events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., snapshot: _Optional[_Union[SnapshotPart, _Mapping]] = ..., progress: _Optional[bool] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SnapshotPart(_message.Message):
    __slots__ = ("seq", "policy", "policy_version", "agents", "contacts", "last")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    seq: int
    policy: _policy_pb2.Policy
    policy_version: int
    agents: _containers.RepeatedCompositeFieldContainer[_agent_pb2.Agent]
    contacts: _containers.RepeatedCompositeFieldContainer[_contact_pb2.Contact]
    last: bool
    def __init__(self, seq: _Optional[int] = ..., policy: _Optional[_Union[_policy_pb2.Policy, _Mapping]] = ..., policy_version: _Optional[int] = ..., agents: _Optional[_Iterable[_Union[_agent_pb2.Agent, _Mapping]]] = ..., contacts: _Optional[_Iterable[_Union[_contact_pb2.Contact, _Mapping]]] = ..., last: _Optional[bool] = ...) -> None: ...
