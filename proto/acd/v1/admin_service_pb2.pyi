import datetime

from acd.v1 import agent_pb2 as _agent_pb2
from acd.v1 import contact_pb2 as _contact_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStatusRequest(_message.Message):
    __slots__ = ("with_state_digest",)
    WITH_STATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    with_state_digest: bool
    def __init__(self, with_state_digest: _Optional[bool] = ...) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("tenant_id", "seq", "event_seq", "at", "event_hash", "state_digest", "policy_version", "counts", "invariant_violations", "oldest_event_seq", "subscribers", "started_at", "server_version", "set_aside", "journal_bytes", "counters")
    class InvariantViolationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class CountersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EVENT_HASH_FIELD_NUMBER: _ClassVar[int]
    STATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    INVARIANT_VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBERS_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    SET_ASIDE_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    COUNTERS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    seq: int
    event_seq: int
    at: _timestamp_pb2.Timestamp
    event_hash: str
    state_digest: str
    policy_version: int
    counts: StateCounts
    invariant_violations: _containers.ScalarMap[str, int]
    oldest_event_seq: int
    subscribers: _containers.RepeatedCompositeFieldContainer[SubscriberStatus]
    started_at: _timestamp_pb2.Timestamp
    server_version: str
    set_aside: _containers.RepeatedCompositeFieldContainer[CommandSetAside]
    journal_bytes: int
    counters: _containers.ScalarMap[str, int]
    def __init__(self, tenant_id: _Optional[str] = ..., seq: _Optional[int] = ..., event_seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_hash: _Optional[str] = ..., state_digest: _Optional[str] = ..., policy_version: _Optional[int] = ..., counts: _Optional[_Union[StateCounts, _Mapping]] = ..., invariant_violations: _Optional[_Mapping[str, int]] = ..., oldest_event_seq: _Optional[int] = ..., subscribers: _Optional[_Iterable[_Union[SubscriberStatus, _Mapping]]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., server_version: _Optional[str] = ..., set_aside: _Optional[_Iterable[_Union[CommandSetAside, _Mapping]]] = ..., journal_bytes: _Optional[int] = ..., counters: _Optional[_Mapping[str, int]] = ...) -> None: ...

class StateCounts(_message.Message):
    __slots__ = ("agents", "agents_ready", "waiting", "offered", "active", "wrap_up", "opened", "closed", "scheduled")
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    AGENTS_READY_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    OFFERED_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    WRAP_UP_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    agents: int
    agents_ready: int
    waiting: int
    offered: int
    active: int
    wrap_up: int
    opened: int
    closed: _containers.RepeatedCompositeFieldContainer[ClosedCount]
    scheduled: int
    def __init__(self, agents: _Optional[int] = ..., agents_ready: _Optional[int] = ..., waiting: _Optional[int] = ..., offered: _Optional[int] = ..., active: _Optional[int] = ..., wrap_up: _Optional[int] = ..., opened: _Optional[int] = ..., closed: _Optional[_Iterable[_Union[ClosedCount, _Mapping]]] = ..., scheduled: _Optional[int] = ...) -> None: ...

class ClosedCount(_message.Message):
    __slots__ = ("cause", "count")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    cause: _contact_pb2.EndCause
    count: int
    def __init__(self, cause: _Optional[_Union[_contact_pb2.EndCause, str]] = ..., count: _Optional[int] = ...) -> None: ...

class SubscriberStatus(_message.Message):
    __slots__ = ("peer", "next_event_seq", "lag")
    PEER_FIELD_NUMBER: _ClassVar[int]
    NEXT_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAG_FIELD_NUMBER: _ClassVar[int]
    peer: str
    next_event_seq: int
    lag: int
    def __init__(self, peer: _Optional[str] = ..., next_event_seq: _Optional[int] = ..., lag: _Optional[int] = ...) -> None: ...

class CommandSetAside(_message.Message):
    __slots__ = ("at", "kind", "message")
    AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    kind: str
    message: str
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class TakeSnapshotRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class TakeSnapshotResponse(_message.Message):
    __slots__ = ("seq", "at", "duplicate", "state_digest", "size_bytes")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    STATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    duplicate: bool
    state_digest: str
    size_bytes: int
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duplicate: _Optional[bool] = ..., state_digest: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class ReconcileRequest(_message.Message):
    __slots__ = ("request_id", "contacts", "channels", "repair", "agents", "all_agents", "as_of")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    REPAIR_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    ALL_AGENTS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contacts: _containers.RepeatedCompositeFieldContainer[LiveContact]
    channels: _containers.RepeatedScalarFieldContainer[str]
    repair: bool
    agents: _containers.RepeatedCompositeFieldContainer[LiveAgent]
    all_agents: bool
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., contacts: _Optional[_Iterable[_Union[LiveContact, _Mapping]]] = ..., channels: _Optional[_Iterable[str]] = ..., repair: _Optional[bool] = ..., agents: _Optional[_Iterable[_Union[LiveAgent, _Mapping]]] = ..., all_agents: _Optional[bool] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LiveContact(_message.Message):
    __slots__ = ("contact_id", "agent_id")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    agent_id: str
    def __init__(self, contact_id: _Optional[str] = ..., agent_id: _Optional[str] = ...) -> None: ...

class LiveAgent(_message.Message):
    __slots__ = ("agent_id", "presence")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    presence: _agent_pb2.Presence
    def __init__(self, agent_id: _Optional[str] = ..., presence: _Optional[_Union[_agent_pb2.Presence, str]] = ...) -> None: ...

class ReconcileResponse(_message.Message):
    __slots__ = ("seq", "at", "duplicate", "differences", "agent_differences")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    AGENT_DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    duplicate: bool
    differences: _containers.RepeatedCompositeFieldContainer[Difference]
    agent_differences: _containers.RepeatedCompositeFieldContainer[AgentDifference]
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duplicate: _Optional[bool] = ..., differences: _Optional[_Iterable[_Union[Difference, _Mapping]]] = ..., agent_differences: _Optional[_Iterable[_Union[AgentDifference, _Mapping]]] = ...) -> None: ...

class Difference(_message.Message):
    __slots__ = ("contact_id", "kind", "contact", "repaired", "refusal", "stated_agent_id")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Difference.Kind]
        KIND_GONE: _ClassVar[Difference.Kind]
        KIND_UNKNOWN: _ClassVar[Difference.Kind]
        KIND_OTHER_AGENT: _ClassVar[Difference.Kind]
        KIND_SERVED: _ClassVar[Difference.Kind]
        KIND_NOT_SERVED: _ClassVar[Difference.Kind]
        KIND_OVER: _ClassVar[Difference.Kind]
    KIND_UNSPECIFIED: Difference.Kind
    KIND_GONE: Difference.Kind
    KIND_UNKNOWN: Difference.Kind
    KIND_OTHER_AGENT: Difference.Kind
    KIND_SERVED: Difference.Kind
    KIND_NOT_SERVED: Difference.Kind
    KIND_OVER: Difference.Kind
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    STATED_AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    kind: Difference.Kind
    contact: _contact_pb2.ContactStanding
    repaired: bool
    refusal: str
    stated_agent_id: str
    def __init__(self, contact_id: _Optional[str] = ..., kind: _Optional[_Union[Difference.Kind, str]] = ..., contact: _Optional[_Union[_contact_pb2.ContactStanding, _Mapping]] = ..., repaired: _Optional[bool] = ..., refusal: _Optional[str] = ..., stated_agent_id: _Optional[str] = ...) -> None: ...

class AgentDifference(_message.Message):
    __slots__ = ("agent_id", "kind", "presence", "repaired", "refusal")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[AgentDifference.Kind]
        KIND_UNKNOWN: _ClassVar[AgentDifference.Kind]
        KIND_ABSENT: _ClassVar[AgentDifference.Kind]
        KIND_PRESENT: _ClassVar[AgentDifference.Kind]
        KIND_OTHER_PRESENCE: _ClassVar[AgentDifference.Kind]
    KIND_UNSPECIFIED: AgentDifference.Kind
    KIND_UNKNOWN: AgentDifference.Kind
    KIND_ABSENT: AgentDifference.Kind
    KIND_PRESENT: AgentDifference.Kind
    KIND_OTHER_PRESENCE: AgentDifference.Kind
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    kind: AgentDifference.Kind
    presence: _agent_pb2.Presence
    repaired: bool
    refusal: str
    def __init__(self, agent_id: _Optional[str] = ..., kind: _Optional[_Union[AgentDifference.Kind, str]] = ..., presence: _Optional[_Union[_agent_pb2.Presence, str]] = ..., repaired: _Optional[bool] = ..., refusal: _Optional[str] = ...) -> None: ...
