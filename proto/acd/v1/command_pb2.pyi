from acd.v1 import agent_commands_pb2 as _agent_commands_pb2
from acd.v1 import contact_commands_pb2 as _contact_commands_pb2
from acd.v1 import customer_pb2 as _customer_pb2
from acd.v1 import policy_commands_pb2 as _policy_commands_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Command(_message.Message):
    __slots__ = ("enqueue_contact", "update_contact", "cancel_contact", "accept_offer", "decline_offer", "complete_contact", "finish_wrap_up", "set_presence", "heartbeat", "upsert_agents", "remove_agents", "apply_policy", "transfer_contact", "pick_contact", "request_callback", "upsert_customers", "remove_customers", "tick", "resume", "enqueue_attached_contact", "detach_contact", "attach_contact", "open_queue", "close_queue", "set_contact_aside", "set_agent_aside", "forget_customer", "enqueue_known_contact")
    ENQUEUE_CONTACT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_CONTACT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_CONTACT_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_OFFER_FIELD_NUMBER: _ClassVar[int]
    DECLINE_OFFER_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_CONTACT_FIELD_NUMBER: _ClassVar[int]
    FINISH_WRAP_UP_FIELD_NUMBER: _ClassVar[int]
    SET_PRESENCE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    UPSERT_AGENTS_FIELD_NUMBER: _ClassVar[int]
    REMOVE_AGENTS_FIELD_NUMBER: _ClassVar[int]
    APPLY_POLICY_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_CONTACT_FIELD_NUMBER: _ClassVar[int]
    PICK_CONTACT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_CALLBACK_FIELD_NUMBER: _ClassVar[int]
    UPSERT_CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    REMOVE_CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    ENQUEUE_ATTACHED_CONTACT_FIELD_NUMBER: _ClassVar[int]
    DETACH_CONTACT_FIELD_NUMBER: _ClassVar[int]
    ATTACH_CONTACT_FIELD_NUMBER: _ClassVar[int]
    OPEN_QUEUE_FIELD_NUMBER: _ClassVar[int]
    CLOSE_QUEUE_FIELD_NUMBER: _ClassVar[int]
    SET_CONTACT_ASIDE_FIELD_NUMBER: _ClassVar[int]
    SET_AGENT_ASIDE_FIELD_NUMBER: _ClassVar[int]
    FORGET_CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    ENQUEUE_KNOWN_CONTACT_FIELD_NUMBER: _ClassVar[int]
    enqueue_contact: _contact_commands_pb2.EnqueueContactRequest
    update_contact: _contact_commands_pb2.UpdateContactRequest
    cancel_contact: _contact_commands_pb2.CancelContactRequest
    accept_offer: _contact_commands_pb2.AcceptOfferRequest
    decline_offer: _contact_commands_pb2.DeclineOfferRequest
    complete_contact: _contact_commands_pb2.CompleteContactRequest
    finish_wrap_up: _agent_commands_pb2.FinishWrapUpRequest
    set_presence: _agent_commands_pb2.SetPresenceRequest
    heartbeat: _agent_commands_pb2.HeartbeatRequest
    upsert_agents: _agent_commands_pb2.UpsertAgentsRequest
    remove_agents: _agent_commands_pb2.RemoveAgentsRequest
    apply_policy: _policy_commands_pb2.ApplyPolicyRequest
    transfer_contact: _contact_commands_pb2.TransferContactRequest
    pick_contact: _contact_commands_pb2.PickContactRequest
    request_callback: _contact_commands_pb2.RequestCallbackRequest
    upsert_customers: _customer_pb2.UpsertCustomersRequest
    remove_customers: _customer_pb2.RemoveCustomersRequest
    tick: TickCommand
    resume: ResumeCommand
    enqueue_attached_contact: _contact_commands_pb2.EnqueueContactRequest
    detach_contact: DetachContactCommand
    attach_contact: AttachContactCommand
    open_queue: OpenQueueCommand
    close_queue: CloseQueueCommand
    set_contact_aside: SetContactAsideCommand
    set_agent_aside: SetAgentAsideCommand
    forget_customer: ForgetCustomerCommand
    enqueue_known_contact: EnqueueKnownContactCommand
    def __init__(self, enqueue_contact: _Optional[_Union[_contact_commands_pb2.EnqueueContactRequest, _Mapping]] = ..., update_contact: _Optional[_Union[_contact_commands_pb2.UpdateContactRequest, _Mapping]] = ..., cancel_contact: _Optional[_Union[_contact_commands_pb2.CancelContactRequest, _Mapping]] = ..., accept_offer: _Optional[_Union[_contact_commands_pb2.AcceptOfferRequest, _Mapping]] = ..., decline_offer: _Optional[_Union[_contact_commands_pb2.DeclineOfferRequest, _Mapping]] = ..., complete_contact: _Optional[_Union[_contact_commands_pb2.CompleteContactRequest, _Mapping]] = ..., finish_wrap_up: _Optional[_Union[_agent_commands_pb2.FinishWrapUpRequest, _Mapping]] = ..., set_presence: _Optional[_Union[_agent_commands_pb2.SetPresenceRequest, _Mapping]] = ..., heartbeat: _Optional[_Union[_agent_commands_pb2.HeartbeatRequest, _Mapping]] = ..., upsert_agents: _Optional[_Union[_agent_commands_pb2.UpsertAgentsRequest, _Mapping]] = ..., remove_agents: _Optional[_Union[_agent_commands_pb2.RemoveAgentsRequest, _Mapping]] = ..., apply_policy: _Optional[_Union[_policy_commands_pb2.ApplyPolicyRequest, _Mapping]] = ..., transfer_contact: _Optional[_Union[_contact_commands_pb2.TransferContactRequest, _Mapping]] = ..., pick_contact: _Optional[_Union[_contact_commands_pb2.PickContactRequest, _Mapping]] = ..., request_callback: _Optional[_Union[_contact_commands_pb2.RequestCallbackRequest, _Mapping]] = ..., upsert_customers: _Optional[_Union[_customer_pb2.UpsertCustomersRequest, _Mapping]] = ..., remove_customers: _Optional[_Union[_customer_pb2.RemoveCustomersRequest, _Mapping]] = ..., tick: _Optional[_Union[TickCommand, _Mapping]] = ..., resume: _Optional[_Union[ResumeCommand, _Mapping]] = ..., enqueue_attached_contact: _Optional[_Union[_contact_commands_pb2.EnqueueContactRequest, _Mapping]] = ..., detach_contact: _Optional[_Union[DetachContactCommand, _Mapping]] = ..., attach_contact: _Optional[_Union[AttachContactCommand, _Mapping]] = ..., open_queue: _Optional[_Union[OpenQueueCommand, _Mapping]] = ..., close_queue: _Optional[_Union[CloseQueueCommand, _Mapping]] = ..., set_contact_aside: _Optional[_Union[SetContactAsideCommand, _Mapping]] = ..., set_agent_aside: _Optional[_Union[SetAgentAsideCommand, _Mapping]] = ..., forget_customer: _Optional[_Union[ForgetCustomerCommand, _Mapping]] = ..., enqueue_known_contact: _Optional[_Union[EnqueueKnownContactCommand, _Mapping]] = ...) -> None: ...

class TickCommand(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class ResumeCommand(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class DetachContactCommand(_message.Message):
    __slots__ = ("request_id", "contact_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ...) -> None: ...

class AttachContactCommand(_message.Message):
    __slots__ = ("request_id", "contact_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ...) -> None: ...

class EnqueueKnownContactCommand(_message.Message):
    __slots__ = ("request", "customer", "attached")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_FIELD_NUMBER: _ClassVar[int]
    request: _contact_commands_pb2.EnqueueContactRequest
    customer: _customer_pb2.Customer
    attached: bool
    def __init__(self, request: _Optional[_Union[_contact_commands_pb2.EnqueueContactRequest, _Mapping]] = ..., customer: _Optional[_Union[_customer_pb2.Customer, _Mapping]] = ..., attached: _Optional[bool] = ...) -> None: ...

class OpenQueueCommand(_message.Message):
    __slots__ = ("request_id", "queue_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    queue_id: str
    def __init__(self, request_id: _Optional[str] = ..., queue_id: _Optional[str] = ...) -> None: ...

class CloseQueueCommand(_message.Message):
    __slots__ = ("request_id", "queue_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    queue_id: str
    def __init__(self, request_id: _Optional[str] = ..., queue_id: _Optional[str] = ...) -> None: ...

class SetContactAsideCommand(_message.Message):
    __slots__ = ("request_id", "contact_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    contact_id: str
    def __init__(self, request_id: _Optional[str] = ..., contact_id: _Optional[str] = ...) -> None: ...

class SetAgentAsideCommand(_message.Message):
    __slots__ = ("request_id", "agent_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    agent_id: str
    def __init__(self, request_id: _Optional[str] = ..., agent_id: _Optional[str] = ...) -> None: ...

class ForgetCustomerCommand(_message.Message):
    __slots__ = ("request_id", "customer_id", "contact_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    customer_id: str
    contact_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., contact_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CommandResult(_message.Message):
    __slots__ = ("enqueue_contact", "update_contact", "cancel_contact", "accept_offer", "decline_offer", "complete_contact", "finish_wrap_up", "set_presence", "heartbeat", "upsert_agents", "remove_agents", "apply_policy", "transfer_contact", "pick_contact", "request_callback", "upsert_customers", "remove_customers", "error")
    ENQUEUE_CONTACT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_CONTACT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_CONTACT_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_OFFER_FIELD_NUMBER: _ClassVar[int]
    DECLINE_OFFER_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_CONTACT_FIELD_NUMBER: _ClassVar[int]
    FINISH_WRAP_UP_FIELD_NUMBER: _ClassVar[int]
    SET_PRESENCE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    UPSERT_AGENTS_FIELD_NUMBER: _ClassVar[int]
    REMOVE_AGENTS_FIELD_NUMBER: _ClassVar[int]
    APPLY_POLICY_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_CONTACT_FIELD_NUMBER: _ClassVar[int]
    PICK_CONTACT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_CALLBACK_FIELD_NUMBER: _ClassVar[int]
    UPSERT_CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    REMOVE_CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    enqueue_contact: _contact_commands_pb2.EnqueueContactResponse
    update_contact: _contact_commands_pb2.UpdateContactResponse
    cancel_contact: _contact_commands_pb2.CancelContactResponse
    accept_offer: _contact_commands_pb2.AcceptOfferResponse
    decline_offer: _contact_commands_pb2.DeclineOfferResponse
    complete_contact: _contact_commands_pb2.CompleteContactResponse
    finish_wrap_up: _agent_commands_pb2.FinishWrapUpResponse
    set_presence: _agent_commands_pb2.SetPresenceResponse
    heartbeat: _agent_commands_pb2.HeartbeatResponse
    upsert_agents: _agent_commands_pb2.UpsertAgentsResponse
    remove_agents: _agent_commands_pb2.RemoveAgentsResponse
    apply_policy: _policy_commands_pb2.ApplyPolicyResponse
    transfer_contact: _contact_commands_pb2.TransferContactResponse
    pick_contact: _contact_commands_pb2.PickContactResponse
    request_callback: _contact_commands_pb2.RequestCallbackResponse
    upsert_customers: _customer_pb2.UpsertCustomersResponse
    remove_customers: _customer_pb2.RemoveCustomersResponse
    error: _status_pb2.Status
    def __init__(self, enqueue_contact: _Optional[_Union[_contact_commands_pb2.EnqueueContactResponse, _Mapping]] = ..., update_contact: _Optional[_Union[_contact_commands_pb2.UpdateContactResponse, _Mapping]] = ..., cancel_contact: _Optional[_Union[_contact_commands_pb2.CancelContactResponse, _Mapping]] = ..., accept_offer: _Optional[_Union[_contact_commands_pb2.AcceptOfferResponse, _Mapping]] = ..., decline_offer: _Optional[_Union[_contact_commands_pb2.DeclineOfferResponse, _Mapping]] = ..., complete_contact: _Optional[_Union[_contact_commands_pb2.CompleteContactResponse, _Mapping]] = ..., finish_wrap_up: _Optional[_Union[_agent_commands_pb2.FinishWrapUpResponse, _Mapping]] = ..., set_presence: _Optional[_Union[_agent_commands_pb2.SetPresenceResponse, _Mapping]] = ..., heartbeat: _Optional[_Union[_agent_commands_pb2.HeartbeatResponse, _Mapping]] = ..., upsert_agents: _Optional[_Union[_agent_commands_pb2.UpsertAgentsResponse, _Mapping]] = ..., remove_agents: _Optional[_Union[_agent_commands_pb2.RemoveAgentsResponse, _Mapping]] = ..., apply_policy: _Optional[_Union[_policy_commands_pb2.ApplyPolicyResponse, _Mapping]] = ..., transfer_contact: _Optional[_Union[_contact_commands_pb2.TransferContactResponse, _Mapping]] = ..., pick_contact: _Optional[_Union[_contact_commands_pb2.PickContactResponse, _Mapping]] = ..., request_callback: _Optional[_Union[_contact_commands_pb2.RequestCallbackResponse, _Mapping]] = ..., upsert_customers: _Optional[_Union[_customer_pb2.UpsertCustomersResponse, _Mapping]] = ..., remove_customers: _Optional[_Union[_customer_pb2.RemoveCustomersResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
