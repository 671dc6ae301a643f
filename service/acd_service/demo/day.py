"""Who contacts the demo's centre and when, and who works there when: drawn once from a seed, before anything runs."""

import random
from dataclasses import dataclass

from acd_service.demo.parameters import (
    BUSYNESS_SHAPE,
    MINUTE_NS,
    PERIOD_MINUTES,
    SECOND_NS,
    STAFF_DESK,
    STAFF_GROUP0,
    STAFF_GROUP1,
    STREAMS,
    VIP_PRIORITY,
    VIP_SHARE,
    WRAP_UP_SHARE,
    Stream,
)

OPENING_NS = 1_767_600_000_000_000_000
"""When the day begins: Monday, 5 January 2026, 08:00 UTC."""
CLOSING_NS = OPENING_NS + sum(PERIOD_MINUTES) * MINUTE_NS

SPANISH = "spanish>=50"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A contact before it comes. Durations are nanoseconds."""

    contact_id: str
    at_ns: int
    queue_id: str
    channel_id: str
    requirement: str
    priority: int
    customer_id: str
    talk_ns: int
    wrap_up_ns: int
    patience_ns: int | None
    """How long the customer waits for an answer; None for ever."""
    taken_back_after_ns: int | None
    """When the sender's own system takes the contact back, if it still waits then."""


@dataclass(frozen=True, slots=True)
class Shift:
    """When one agent works. `off_ns` is None in the last period: who is there at closing stays until it is empty."""

    agent_id: str
    group: str
    on_ns: int
    off_ns: int | None


@dataclass(frozen=True, slots=True)
class Day:
    seed: int
    scale: float
    busyness: float
    arrivals: tuple[Arrival, ...]
    """In order of time."""
    shifts: tuple[Shift, ...]
    """In order of the agents' ids, then time."""


def draw_day(seed: int, scale: float = 1.0) -> Day:
    """The day of a seed.

    Args:
        seed: any whole number; the same one gives the same day.
        scale: how large the centre is: arrivals and staff are multiplied by it, each group keeps at least one agent.
    """
    rng = random.Random(seed)  # noqa: S311 - a simulation, no secret
    busyness = rng.gammavariate(BUSYNESS_SHAPE, 1.0 / BUSYNESS_SHAPE)
    drawn: list[Arrival] = []
    for stream in STREAMS:
        drawn += _draw_stream(rng, stream, scale * (busyness if stream.channel_id == "voice" else 1.0))
    drawn.sort(key=lambda arrival: (arrival.at_ns, arrival.contact_id))
    shifts = [
        shift
        for group, staff in (("group0", STAFF_GROUP0), ("group1", STAFF_GROUP1), ("desk", STAFF_DESK))
        for shift in _draw_up_shifts(group, [max(1, round(count * scale)) for count in staff])
    ]
    return Day(seed, scale, busyness, tuple(drawn), tuple(shifts))


def _draw_stream(rng: random.Random, stream: Stream, factor: float) -> list[Arrival]:
    arrivals: list[Arrival] = []
    period_start_ns = OPENING_NS
    for period, minutes in enumerate(PERIOD_MINUTES):
        period_end_ns = period_start_ns + minutes * MINUTE_NS
        # Poisson with the period's rate; a gap that runs past the period's end is drawn anew at the next rate, which
        # changes nothing, since exponential gaps have no memory.
        at_ns = period_start_ns + _minutes_ns(rng.expovariate(stream.arrival_rate[period] * factor))
        while at_ns < period_end_ns:
            arrivals.append(_draw_arrival(rng, stream, period, at_ns, len(arrivals)))
            at_ns += _minutes_ns(rng.expovariate(stream.arrival_rate[period] * factor))
        period_start_ns = period_end_ns
    return arrivals


def _draw_arrival(rng: random.Random, stream: Stream, period: int, at_ns: int, count: int) -> Arrival:
    service_ns = _minutes_ns(rng.expovariate(stream.service_rate[period]))
    wrap_up_ns = round(service_ns * WRAP_UP_SHARE) if stream.channel_id == "voice" else 0
    patience_ns = None
    if stream.patience_rate is not None:
        patience_ns = _minutes_ns(rng.expovariate(stream.patience_rate[period]))
    vip = rng.random() < VIP_SHARE
    spanish = rng.random() < stream.spanish_share
    taken_back = rng.random() < stream.taken_back_share
    return Arrival(
        contact_id=f"{stream.queue_id}-{count:05d}",
        at_ns=at_ns,
        queue_id=stream.queue_id,
        channel_id=stream.channel_id,
        requirement=SPANISH if spanish else "",
        priority=VIP_PRIORITY if vip else 0,
        customer_id=f"customer-{rng.randrange(20_000):05d}",
        talk_ns=max(SECOND_NS, service_ns - wrap_up_ns),
        wrap_up_ns=wrap_up_ns,
        patience_ns=patience_ns,
        taken_back_after_ns=rng.randrange(1, 30 * SECOND_NS) if taken_back else None,
    )


def _draw_up_shifts(group: str, staff: list[int]) -> list[Shift]:
    shifts: list[Shift] = []
    for index in range(max(staff)):
        agent_id = f"{group}-{index:03d}"
        on_ns: int | None = None
        start_ns = OPENING_NS
        for minutes, count in zip(PERIOD_MINUTES, staff, strict=True):
            if index < count and on_ns is None:
                on_ns = start_ns
            elif index >= count and on_ns is not None:
                shifts.append(Shift(agent_id, group, on_ns, start_ns))
                on_ns = None
            start_ns += minutes * MINUTE_NS
        if on_ns is not None:
            shifts.append(Shift(agent_id, group, on_ns, None))
    return shifts


def _minutes_ns(minutes: float) -> int:
    """At least one nanosecond, so that nothing takes no time at all."""
    return max(1, round(minutes * MINUTE_NS))
