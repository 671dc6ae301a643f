"""What a contact may bring besides its facts: the agents it asks for, its callback, its own weights of skills."""

from typing import Any, Final, TypedDict

from google.protobuf.timestamp_pb2 import Timestamp

from acd.v1.contact_commands_pb2 import EnqueueContactRequest, UpdateContactRequest
from acd.v1.contact_pb2 import AgentPreference, Callback, Contact
from acd_core.checks import check_duration
from acd_core.commands import EnqueueContact, RequestCallback, UpdateContact
from acd_core.limits import AT_NS_MAX
from acd_core.policy import SkillWeight
from acd_core.refusal import Reason, Refused
from acd_core.views import ContactView
from acd_service.codec.values import duration_of_ms, ns_of, span_ms_of, timestamp_of

HOLD_UNSET_MS: Final = -1
_NANOS: Final = 1_000_000_000


class Preference(TypedDict, total=False):
    preferred_agents: tuple[str, ...]
    preferred_hold_ms: int
    only_preferred: bool


class CallbackFields(TypedDict, total=False):
    callback_address: str
    window_start_ns: int
    window_end_ns: int
    attempts_max: int


def preference(message: AgentPreference) -> Preference:
    """The arguments of a command that say which agents are asked for.

    Raises:
        Refused: the hold time is no duration or out of its bounds, at `preference.hold`.
    """
    hold_ms = HOLD_UNSET_MS
    if message.HasField("hold"):
        hold_ms = span_ms_of(message.hold, "preference.hold")
        check_duration(hold_ms, "preference.hold", zero_means_none=True)
    return {
        "preferred_agents": tuple(message.agent_ids),
        "preferred_hold_ms": hold_ms,
        "only_preferred": message.only_these,
    }


def callback(message: Callback) -> CallbackFields:
    """The arguments of a command that say how to call back.

    Raises:
        Refused: there is no address, or a time is out of its bounds, at `callback.address` and so on.
    """
    if not message.address:
        raise Refused(Reason.EMPTY, "callback.address", "a callback needs a number or address to call")
    return {
        "callback_address": message.address,
        "window_start_ns": _time_ns(message, "window_start"),
        "window_end_ns": _time_ns(message, "window_end"),
        "attempts_max": message.attempts_max,
    }


def skill_weights(request: EnqueueContactRequest) -> tuple[SkillWeight, ...]:
    return tuple(map(SkillWeight._make, request.skill_weights.items()))


def write_preference(
    message: EnqueueContactRequest | UpdateContactRequest | Contact,
    source: EnqueueContact | UpdateContact | ContactView,
) -> None:
    """Set `preference` as `preference` reads it back."""
    target = message.preference
    target.SetInParent()
    target.agent_ids.extend(source.preferred_agents or ())
    if source.preferred_hold_ms != HOLD_UNSET_MS:
        target.hold.CopyFrom(duration_of_ms(source.preferred_hold_ms))
    target.only_these = source.only_preferred


def write_callback(target: Callback, source: EnqueueContact | RequestCallback | ContactView) -> None:
    """Fill a callback as `callback` reads it back."""
    target.address = source.callback_address
    if source.window_start_ns:
        target.window_start.CopyFrom(timestamp_of(source.window_start_ns))
    if source.window_end_ns:
        target.window_end.CopyFrom(timestamp_of(source.window_end_ns))
    target.attempts_max = source.attempts_max


def has_preference(source: EnqueueContact | ContactView) -> bool:
    return bool(source.preferred_agents) or source.preferred_hold_ms != HOLD_UNSET_MS or source.only_preferred


def _time_ns(message: Any, name: str) -> int:
    if not message.HasField(name):
        return 0
    value: Timestamp = getattr(message, name)
    if not 0 <= value.nanos < _NANOS:
        text = f"nanos {value.nanos} are not a valid Timestamp"
        raise Refused(Reason.INVALID_VALUE, f"callback.{name}", text)
    if not 0 <= value.seconds <= AT_NS_MAX // _NANOS or ns_of(value) < 1:
        text = f"{value.seconds} s is out of range 1 ns to {AT_NS_MAX // _NANOS} s"
        raise Refused(Reason.OUT_OF_RANGE, f"callback.{name}", text)
    return ns_of(value)
