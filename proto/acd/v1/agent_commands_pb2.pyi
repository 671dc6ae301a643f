import datetime

from acd.v1 import agent_pb2 as _agent_pb2
from acd.v1 import contact_pb2 as _contact_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpsertAgentsRequest(_message.Message):
    __slots__ = ("request_id", "agents")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    agents: _containers.RepeatedCompositeFieldContainer[_agent_pb2.AgentSpec]
    def __init__(self, request_id: _Optional[str] = ..., agents: _Optional[_Iterable[_Union[_agent_pb2.AgentSpec, _Mapping]]] = ...) -> None: ...

class UpsertAgentsResponse(_message.Message):
    __slots__ = ("seq", "at", "duplicate")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    duplicate: bool
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class RemoveAgentsRequest(_message.Message):
    __slots__ = ("request_id", "agent_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    agent_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., agent_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RemoveAgentsResponse(_message.Message):
    __slots__ = ("seq", "at", "duplicate")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    duplicate: bool
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class SetPresenceRequest(_message.Message):
    __slots__ = ("request_id", "agent_id", "presence", "reason", "lease")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    agent_id: str
    presence: _agent_pb2.Presence
    reason: str
    lease: _duration_pb2.Duration
    def __init__(self, request_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., presence: _Optional[_Union[_agent_pb2.Presence, str]] = ..., reason: _Optional[str] = ..., lease: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SetPresenceResponse(_message.Message):
    __slots__ = ("seq", "at", "duplicate")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    duplicate: bool
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("request_id", "agent_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    agent_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., agent_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ("seq", "at", "duplicate", "not_signed_on_agent_ids")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    NOT_SIGNED_ON_AGENT_IDS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    duplicate: bool
    not_signed_on_agent_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duplicate: _Optional[bool] = ..., not_signed_on_agent_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class FinishWrapUpRequest(_message.Message):
    __slots__ = ("request_id", "agent_id", "contact_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    agent_id: str
    contact_id: str
    def __init__(self, request_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., contact_id: _Optional[str] = ...) -> None: ...

class FinishWrapUpResponse(_message.Message):
    __slots__ = ("seq", "at", "duplicate", "contact")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    duplicate: bool
    contact: _contact_pb2.ContactStanding
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duplicate: _Optional[bool] = ..., contact: _Optional[_Union[_contact_pb2.ContactStanding, _Mapping]] = ...) -> None: ...
