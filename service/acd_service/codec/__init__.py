"""Between the wire's messages and the engine's types: the only place that knows both.

Requests become commands, answers become responses, events and views become messages, and commands and events become
the bytes that the journal keeps, and back, exactly. What is wrong with a message is refused as `Refused` with the
field's path on the wire; `errors` turns that into a status.
"""

from acd_service.codec.agents import agent_message, agent_spec, agent_spec_message
from acd_service.codec.answers import contact_standing, response_of, result_of, route_response
from acd_service.codec.contacts import contact_message
from acd_service.codec.events import event_message, event_of
from acd_service.codec.policies import policy_message, policy_of, policy_problems
from acd_service.codec.records import (
    TICK_FIELD,
    BadRecord,
    asked_by_field,
    decode_command,
    decode_event,
    decode_record,
    encode_command,
    encode_event,
    encode_record,
)
from acd_service.codec.requests import batch_command_of, command_of
from acd_service.codec.values import (
    duration_of_ms,
    duration_of_ns,
    ms_of,
    ns_of,
    span_ms_of,
    timestamp_of,
    wire_refusal,
)

__all__ = [
    "TICK_FIELD",
    "BadRecord",
    "agent_message",
    "agent_spec",
    "agent_spec_message",
    "asked_by_field",
    "batch_command_of",
    "command_of",
    "contact_message",
    "contact_standing",
    "decode_command",
    "decode_event",
    "decode_record",
    "duration_of_ms",
    "duration_of_ns",
    "encode_command",
    "encode_event",
    "encode_record",
    "event_message",
    "event_of",
    "ms_of",
    "ns_of",
    "policy_message",
    "policy_of",
    "policy_problems",
    "response_of",
    "result_of",
    "route_response",
    "span_ms_of",
    "timestamp_of",
    "wire_refusal",
]
