"""Streams of events that an engine gave to adversarial commands, with the bytes that a journal would hold of them."""

from verification.adversary import Adversary

from acd_core.engine import Engine
from acd_core.events import Event
from acd_core.refusal import Refused
from acd_service import codec

COMMANDS = 1_500
STRETCH = 3_000
"""So much longer all takes, so that quarters of an hour pass."""


def events_of(seed: int) -> list[tuple[Event, bytes]]:
    adversary = Adversary(seed)
    engine = Engine(seed)
    events: list[tuple[Event, bytes]] = []
    began_ns = 0
    for _ in range(COMMANDS):
        at_ns, command = adversary.next(engine.next_timer())
        if getattr(command, "attributes", None):
            continue  # the adversary's are any bytes, which no event on the wire can hold
        try:
            answer = engine.apply(at_ns, command)
        except Refused:
            continue
        if answer.duplicate:
            continue
        adversary.learn(answer.events)
        for event in answer.events:
            began_ns = began_ns or event.at_ns
            message = codec.event_message(event)
            message.at.CopyFrom(codec.timestamp_of(began_ns + (event.at_ns - began_ns) * STRETCH))
            who = codec.asked_by_field("pbx") if event.seq % 3 else b""
            content = message.SerializeToString(deterministic=True) + who
            events.append((codec.decode_event(content), content))
    return events
