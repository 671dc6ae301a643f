"""The routing core: a deterministic state machine that decides which agent gets which contact.

Commands with a time go in, events come out (docs/engine.md). `Engine` is compiled, `ReferenceEngine` says the same in
plain Python. Nothing here reads a clock, draws outside randomness or does I/O.
"""

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    AttachContact,
    CancelContact,
    Command,
    CompleteContact,
    DeclineOffer,
    DetachContact,
    EnqueueContact,
    FinishWrapUp,
    Heartbeat,
    RemoveAgents,
    Resume,
    SetPresence,
    Tick,
    UpdateContact,
    UpsertAgents,
)
from acd_core.engine import Engine
from acd_core.enums import (
    ChosenBy,
    CommandKind,
    ContactState,
    EndCause,
    EventType,
    Membership,
    OfferOutcome,
    Presence,
    PresenceCause,
    Strategy,
    TimerKind,
)
from acd_core.events import Answer, Event
from acd_core.limits import Limits
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.reference import ReferenceEngine
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_core.snapshot import BadSnapshot
from acd_core.views import AgentView, ContactView, Counts

__all__ = [
    "AcceptOffer",
    "AgentSpec",
    "AgentView",
    "Answer",
    "ApplyPolicy",
    "AttachContact",
    "BadSnapshot",
    "CancelContact",
    "Channel",
    "ChannelMaximum",
    "ChosenBy",
    "Command",
    "CommandKind",
    "CompleteContact",
    "ContactState",
    "ContactView",
    "Counts",
    "DeclineOffer",
    "DetachContact",
    "EndCause",
    "Engine",
    "EnqueueContact",
    "Event",
    "EventType",
    "FinishWrapUp",
    "Heartbeat",
    "Limits",
    "Membership",
    "OfferOutcome",
    "OfferOutcomes",
    "OutcomePolicy",
    "Policy",
    "Presence",
    "PresenceCause",
    "QueueMembership",
    "QueueSpec",
    "Reason",
    "ReferenceEngine",
    "Refused",
    "RemoveAgents",
    "Resume",
    "SetPresence",
    "SkillLevel",
    "Strategy",
    "Tick",
    "TimerKind",
    "UpdateContact",
    "UpsertAgents",
]
