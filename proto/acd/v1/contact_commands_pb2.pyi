import datetime

from acd.v1 import contact_pb2 as _contact_pb2
from acd.v1 import event_pb2 as _event_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnqueueContactRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "queue_id", "channel", "requirement", "priority", "credit", "customer_id", "attributes", "customer_address", "preference", "callback", "consults_contact_id", "skill_weights")
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
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PREFERENCE_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_FIELD_NUMBER: _ClassVar[int]
    CONSULTS_CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    SKILL_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    queue_id: str
    channel: str
    requirement: str
    priority: int
    credit: _duration_pb2.Duration
    customer_id: str
    attributes: _containers.ScalarMap[str, str]
    customer_address: str
    preference: _contact_pb2.AgentPreference
    callback: _contact_pb2.Callback
    consults_contact_id: str
    skill_weights: _containers.ScalarMap[str, int]
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., channel: _Optional[str] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., customer_id: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., customer_address: _Optional[str] = ..., preference: _Optional[_Union[_contact_pb2.AgentPreference, _Mapping]] = ..., callback: _Optional[_Union[_contact_pb2.Callback, _Mapping]] = ..., consults_contact_id: _Optional[str] = ..., skill_weights: _Optional[_Mapping[str, int]] = ...) -> None: ...

class EnqueueContactResponse(_message.Message):
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

class UpdateContactRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "requirement", "priority", "credit", "attributes", "held", "preference")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    PREFERENCE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    requirement: str
    priority: int
    credit: _duration_pb2.Duration
    attributes: _contact_pb2.Attributes
    held: bool
    preference: _contact_pb2.AgentPreference
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., credit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., attributes: _Optional[_Union[_contact_pb2.Attributes, _Mapping]] = ..., held: _Optional[bool] = ..., preference: _Optional[_Union[_contact_pb2.AgentPreference, _Mapping]] = ...) -> None: ...

class UpdateContactResponse(_message.Message):
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

class CancelContactRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "reason")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[CancelContactRequest.Reason]
        REASON_ABANDONED: _ClassVar[CancelContactRequest.Reason]
        REASON_CANCELLED: _ClassVar[CancelContactRequest.Reason]
    REASON_UNSPECIFIED: CancelContactRequest.Reason
    REASON_ABANDONED: CancelContactRequest.Reason
    REASON_CANCELLED: CancelContactRequest.Reason
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    reason: CancelContactRequest.Reason
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., reason: _Optional[_Union[CancelContactRequest.Reason, str]] = ...) -> None: ...

class CancelContactResponse(_message.Message):
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

class AcceptOfferRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "agent_id", "offer_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    agent_id: str
    offer_id: int
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., offer_id: _Optional[int] = ...) -> None: ...

class AcceptOfferResponse(_message.Message):
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

class DeclineOfferRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "agent_id", "offer_id", "outcome")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    agent_id: str
    offer_id: int
    outcome: _event_pb2.OfferOutcome
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., offer_id: _Optional[int] = ..., outcome: _Optional[_Union[_event_pb2.OfferOutcome, str]] = ...) -> None: ...

class DeclineOfferResponse(_message.Message):
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

class CompleteContactRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "agent_id", "wrap_up", "not_reached")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    WRAP_UP_FIELD_NUMBER: _ClassVar[int]
    NOT_REACHED_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    agent_id: str
    wrap_up: _duration_pb2.Duration
    not_reached: bool
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., wrap_up: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., not_reached: _Optional[bool] = ...) -> None: ...

class CompleteContactResponse(_message.Message):
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

class TransferContactRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "agent_id", "queue_id", "to_agent_id", "consultation_contact_id", "requirement", "priority", "restart_wait")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    TO_AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONSULTATION_CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    RESTART_WAIT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    agent_id: str
    queue_id: str
    to_agent_id: str
    consultation_contact_id: str
    requirement: str
    priority: int
    restart_wait: bool
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., queue_id: _Optional[str] = ..., to_agent_id: _Optional[str] = ..., consultation_contact_id: _Optional[str] = ..., requirement: _Optional[str] = ..., priority: _Optional[int] = ..., restart_wait: _Optional[bool] = ...) -> None: ...

class TransferContactResponse(_message.Message):
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

class PickContactRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "agent_id", "requested_by")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    agent_id: str
    requested_by: str
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., requested_by: _Optional[str] = ...) -> None: ...

class PickContactResponse(_message.Message):
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

class RequestCallbackRequest(_message.Message):
    __slots__ = ("request_id", "contact_id", "callback")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    callback: _contact_pb2.Callback
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., callback: _Optional[_Union[_contact_pb2.Callback, _Mapping]] = ...) -> None: ...

class RequestCallbackResponse(_message.Message):
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
