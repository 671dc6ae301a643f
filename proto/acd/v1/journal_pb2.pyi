import datetime

from acd.v1 import admin_service_pb2 as _admin_service_pb2
from acd.v1 import command_pb2 as _command_pb2
from acd.v1 import event_pb2 as _event_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CommandRecord(_message.Message):
    __slots__ = ("seq", "at", "command", "asked_by", "reconcile", "forgotten_by_seq")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    ASKED_BY_FIELD_NUMBER: _ClassVar[int]
    RECONCILE_FIELD_NUMBER: _ClassVar[int]
    FORGOTTEN_BY_SEQ_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    command: _command_pb2.Command
    asked_by: str
    reconcile: ReconcileRecord
    forgotten_by_seq: int
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., command: _Optional[_Union[_command_pb2.Command, _Mapping]] = ..., asked_by: _Optional[str] = ..., reconcile: _Optional[_Union[ReconcileRecord, _Mapping]] = ..., forgotten_by_seq: _Optional[int] = ...) -> None: ...

class ReconcileRecord(_message.Message):
    __slots__ = ("request_hash", "response")
    REQUEST_HASH_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    request_hash: bytes
    response: _admin_service_pb2.ReconcileResponse
    def __init__(self, request_hash: _Optional[bytes] = ..., response: _Optional[_Union[_admin_service_pb2.ReconcileResponse, _Mapping]] = ...) -> None: ...

class CommandChunk(_message.Message):
    __slots__ = ("records", "event_hashes")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    EVENT_HASHES_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[CommandRecord]
    event_hashes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, records: _Optional[_Iterable[_Union[CommandRecord, _Mapping]]] = ..., event_hashes: _Optional[_Iterable[int]] = ...) -> None: ...

class EventChunk(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ...) -> None: ...
