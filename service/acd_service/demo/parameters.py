"""The numbers of the demo's day.

The calls are those of the published multi-skill model "SimpleMSK" (umontreal-simul/contactcenters, doc/examples,
Apache-2.0): arrivals, busyness, service, patience and staffing are carried over unchanged. Chats, mail, ringing,
refusals and VIPs are ours, chosen to load every part of the engine.
"""

from dataclasses import dataclass
from typing import Final

MINUTE_NS: Final = 60_000_000_000
SECOND_NS: Final = 1_000_000_000

PERIOD_MINUTES: Final = (120, 120, 120)
BUSYNESS_SHAPE: Final = 28.7
"""All call arrival rates are multiplied by one draw a day from Gamma(shape, rate = shape), mean 1."""
SERVICE_RATE: Final = (0.5, 0.6, 0.4)
"""Calls a minute for one agent, by the period of arrival; exponential. The demo splits the time drawn into
conversation and wrap-up."""
PATIENCE_RATE: Final = (0.3, 0.4, 0.2)
"""By the period of arrival, a minute; exponential."""
STAFF_GROUP0: Final = (12, 18, 9)
STAFF_GROUP1: Final = (15, 20, 11)
"""Agents signed on in each period; those above a new period's staffing finish their contact and leave."""

WRAP_UP_SHARE: Final = 0.2
"""Part of a call's service time that is work after it."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of contact as it arrives. Rates are a minute, one for each period."""

    queue_id: str
    channel_id: str
    arrival_rate: tuple[float, float, float]
    service_rate: tuple[float, float, float]
    patience_rate: tuple[float, float, float] | None
    """None: whoever wrote waits for ever."""
    spanish_share: float
    """Part of the contacts that ask for a Spanish speaker besides what their queue asks for."""
    taken_back_share: float = 0.0
    """Part of the contacts that the sender's own system takes back within half a minute, if unanswered then."""


STREAMS: Final = (
    Stream("sales", "voice", (4.2, 5.3, 3.2), SERVICE_RATE, PATIENCE_RATE, 0.0),
    Stream("service", "voice", (5.1, 4.3, 4.8), SERVICE_RATE, PATIENCE_RATE, 0.05),
    Stream("support", "voice", (6.3, 5.2, 4.8), SERVICE_RATE, PATIENCE_RATE, 0.05),
    Stream("chat", "chat", (1.5, 2.0, 1.0), (0.2, 0.2, 0.2), (0.25, 0.25, 0.25), 0.0, taken_back_share=0.03),
    Stream("mail", "mail", (0.8, 0.7, 0.5), (0.2, 0.2, 0.2), None, 0.0),
)
"""The first three are type0, type1 and type2 of the published model."""

STAFF_DESK: Final = (3, 4, 2)
"""Agents who write: chats, several at a time, and mail."""

VIP_SHARE: Final = 0.06
VIP_PRIORITY: Final = 10

RING_SECONDS: Final = (3.0, 6.0)
"""An agent takes a call after this long, evenly drawn."""
DECLINED_SHARE: Final = 0.015
BUSY_SHARE: Final = 0.005
MISSED_SHARE: Final = 0.01
"""What becomes of an offer that is not taken."""
EARLY_WRAP_UP_SHARE: Final = 0.1
"""Wrap-ups that the agent ends itself; the others run out."""
BREAK_MINUTES: Final = 8
"""Each desk agent takes one break a day."""
NOT_RESPONDING_MINUTES: Final = 3
"""After this long an agent whom the engine sent away for missing offers is back."""
