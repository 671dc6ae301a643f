from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TenantQuotas(_message.Message):
    __slots__ = ("agents_max", "waiting_max", "queues_max", "commands_per_s", "subscribers_max", "streams_max")
    AGENTS_MAX_FIELD_NUMBER: _ClassVar[int]
    WAITING_MAX_FIELD_NUMBER: _ClassVar[int]
    QUEUES_MAX_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_PER_S_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBERS_MAX_FIELD_NUMBER: _ClassVar[int]
    STREAMS_MAX_FIELD_NUMBER: _ClassVar[int]
    agents_max: int
    waiting_max: int
    queues_max: int
    commands_per_s: int
    subscribers_max: int
    streams_max: int
    def __init__(self, agents_max: _Optional[int] = ..., waiting_max: _Optional[int] = ..., queues_max: _Optional[int] = ..., commands_per_s: _Optional[int] = ..., subscribers_max: _Optional[int] = ..., streams_max: _Optional[int] = ...) -> None: ...

class TenantInfo(_message.Message):
    __slots__ = ("name", "state", "quotas", "seq")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[TenantInfo.State]
        STATE_SERVED: _ClassVar[TenantInfo.State]
        STATE_SUSPENDED: _ClassVar[TenantInfo.State]
    STATE_UNSPECIFIED: TenantInfo.State
    STATE_SERVED: TenantInfo.State
    STATE_SUSPENDED: TenantInfo.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    QUOTAS_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: TenantInfo.State
    quotas: TenantQuotas
    seq: int
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[TenantInfo.State, str]] = ..., quotas: _Optional[_Union[TenantQuotas, _Mapping]] = ..., seq: _Optional[int] = ...) -> None: ...

class CreateTenantRequest(_message.Message):
    __slots__ = ("request_id", "name", "quotas", "seed")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUOTAS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    quotas: TenantQuotas
    seed: int
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ..., quotas: _Optional[_Union[TenantQuotas, _Mapping]] = ..., seed: _Optional[int] = ...) -> None: ...

class CreateTenantResponse(_message.Message):
    __slots__ = ("tenant", "duplicate")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    tenant: TenantInfo
    duplicate: bool
    def __init__(self, tenant: _Optional[_Union[TenantInfo, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ListTenantsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListTenantsResponse(_message.Message):
    __slots__ = ("tenants",)
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    tenants: _containers.RepeatedCompositeFieldContainer[TenantInfo]
    def __init__(self, tenants: _Optional[_Iterable[_Union[TenantInfo, _Mapping]]] = ...) -> None: ...

class SuspendTenantRequest(_message.Message):
    __slots__ = ("request_id", "name")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class SuspendTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: TenantInfo
    def __init__(self, tenant: _Optional[_Union[TenantInfo, _Mapping]] = ...) -> None: ...

class ResumeTenantRequest(_message.Message):
    __slots__ = ("request_id", "name")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ResumeTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: TenantInfo
    def __init__(self, tenant: _Optional[_Union[TenantInfo, _Mapping]] = ...) -> None: ...

class RemoveTenantRequest(_message.Message):
    __slots__ = ("request_id", "name")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class RemoveTenantResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExportTenantRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class TenantExtent(_message.Message):
    __slots__ = ("seq", "event_seq", "state_digest")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    STATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    seq: int
    event_seq: int
    state_digest: str
    def __init__(self, seq: _Optional[int] = ..., event_seq: _Optional[int] = ..., state_digest: _Optional[str] = ...) -> None: ...

class ExportTenantResponse(_message.Message):
    __slots__ = ("extent", "size_bytes", "content")
    EXTENT_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    extent: TenantExtent
    size_bytes: int
    content: bytes
    def __init__(self, extent: _Optional[_Union[TenantExtent, _Mapping]] = ..., size_bytes: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...

class ImportTenantRequest(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    def __init__(self, content: _Optional[bytes] = ...) -> None: ...

class ImportTenantResponse(_message.Message):
    __slots__ = ("commands", "commands_total", "tenant", "extent")
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    EXTENT_FIELD_NUMBER: _ClassVar[int]
    commands: int
    commands_total: int
    tenant: TenantInfo
    extent: TenantExtent
    def __init__(self, commands: _Optional[int] = ..., commands_total: _Optional[int] = ..., tenant: _Optional[_Union[TenantInfo, _Mapping]] = ..., extent: _Optional[_Union[TenantExtent, _Mapping]] = ...) -> None: ...
