import datetime

from acd.v1 import command_pb2 as _command_pb2
from acd.v1 import contact_pb2 as _contact_pb2
from acd.v1 import contact_commands_pb2 as _contact_commands_pb2
from acd.v1 import event_pb2 as _event_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RouteContactRequest(_message.Message):
    __slots__ = ("enqueue", "attach")
    ENQUEUE_FIELD_NUMBER: _ClassVar[int]
    ATTACH_FIELD_NUMBER: _ClassVar[int]
    enqueue: _contact_commands_pb2.EnqueueContactRequest
    attach: AttachContact
    def __init__(self, enqueue: _Optional[_Union[_contact_commands_pb2.EnqueueContactRequest, _Mapping]] = ..., attach: _Optional[_Union[AttachContact, _Mapping]] = ...) -> None: ...

class AttachContact(_message.Message):
    __slots__ = ("request_id", "contact_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ...) -> None: ...

class RouteContactResponse(_message.Message):
    __slots__ = ("seq", "at", "duplicate", "contact", "event", "end_cause")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    END_CAUSE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    duplicate: bool
    contact: _contact_pb2.ContactStanding
    event: _event_pb2.Event
    end_cause: _contact_pb2.EndCause
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duplicate: _Optional[bool] = ..., contact: _Optional[_Union[_contact_pb2.ContactStanding, _Mapping]] = ..., event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., end_cause: _Optional[_Union[_contact_pb2.EndCause, str]] = ...) -> None: ...

class GetContactRequest(_message.Message):
    __slots__ = ("contact_id",)
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    def __init__(self, contact_id: _Optional[str] = ...) -> None: ...

class GetContactResponse(_message.Message):
    __slots__ = ("contact", "seq")
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    contact: _contact_pb2.Contact
    seq: int
    def __init__(self, contact: _Optional[_Union[_contact_pb2.Contact, _Mapping]] = ..., seq: _Optional[int] = ...) -> None: ...

class ListContactsRequest(_message.Message):
    __slots__ = ("queue_id", "states", "agent_id", "page_size", "page_token")
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    queue_id: str
    states: _containers.RepeatedScalarFieldContainer[_contact_pb2.ContactState]
    agent_id: str
    page_size: int
    page_token: str
    def __init__(self, queue_id: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_contact_pb2.ContactState, str]]] = ..., agent_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListContactsResponse(_message.Message):
    __slots__ = ("contacts", "next_page_token", "seq")
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    contacts: _containers.RepeatedCompositeFieldContainer[_contact_pb2.Contact]
    next_page_token: str
    seq: int
    def __init__(self, contacts: _Optional[_Iterable[_Union[_contact_pb2.Contact, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., seq: _Optional[int] = ...) -> None: ...

class DispatchRequest(_message.Message):
    __slots__ = ("batch_id", "commands")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    batch_id: int
    commands: _containers.RepeatedCompositeFieldContainer[_command_pb2.Command]
    def __init__(self, batch_id: _Optional[int] = ..., commands: _Optional[_Iterable[_Union[_command_pb2.Command, _Mapping]]] = ...) -> None: ...

class DispatchResponse(_message.Message):
    __slots__ = ("batch_id", "results")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    batch_id: int
    results: _containers.RepeatedCompositeFieldContainer[_command_pb2.CommandResult]
    def __init__(self, batch_id: _Optional[int] = ..., results: _Optional[_Iterable[_Union[_command_pb2.CommandResult, _Mapping]]] = ...) -> None: ...
