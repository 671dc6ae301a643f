"""What all sides are given: a workload's start state and its stream of batches; and what a right router decides."""

from dataclasses import dataclass
from typing import Any

from acd_core.commands import Command
from acd_core.engine import Engine
from acd_service.batches import read_batch
from acd_service.codec.batches import dispatched_command
from bench.batches import COMMANDS_PER_MESSAGE, Message, read_messages
from bench.peers.calls import Call, Catalogue, Offer, offers_in
from bench.peers.start_state import StartState
from bench.recording import SEED, Recording
from bench.workload import Shape, Timed


@dataclass(frozen=True, slots=True)
class SameStream:
    """A start state, and calls with what each of them decides."""

    catalogue: Catalogue
    state: StartState
    calls: list[Call]
    offers: list[list[Offer]]
    """For each call."""
    event_hash: int
    """Of the start state's events and those of all calls."""

    def offers_of(self, first: int, last: int) -> list[Offer]:
        """What the calls from one place to before another decide, in order."""
        return [offer for each in self.offers[first:last] for offer in each]


def follow(engine: Any, start: list[Timed], steady: list[Timed]) -> SameStream:
    """By either engine, new: what it makes of a workload.

    Raises:
        NotForPeers: the workload has what routers on databases do not do.
    """
    catalogue = Catalogue()
    state = StartState(catalogue)
    for at_ns, command in start:
        state.follow(at_ns, command, engine.apply(at_ns, command).events)
    calls: list[Call] = []
    offers: list[list[Offer]] = []
    for at_ns, command in steady:
        _take(catalogue, calls, at_ns, command)
        offers.append(offers_in(engine.apply(at_ns, command).events))
    return SameStream(catalogue, state, calls, offers, engine.event_hash)


def _take(catalogue: Catalogue, calls: list[Call], at_ns: int, command: Command) -> None:
    made = catalogue.calls(at_ns, command)
    assert len(made) == 1, "a command of the steady stream is one call"
    calls += made


def recorded(shape: Shape, messages: int) -> tuple[SameStream, list[Message]]:
    """The first messages of a recorded stream of batches, and the same as calls.

    The commands of a message have one time, as in `bench.batches`.
    """
    recording = Recording.of(shape, messages * COMMANDS_PER_MESSAGE)
    made, _ = read_messages(recording.messages_path)
    part = made[:messages]
    assert len(part) == messages, f"only {len(part)} messages are recorded"
    batches = [(at_ns, read_batch(content)) for at_ns, content in part]
    steady = [
        (at_ns, dispatched_command(batch.frame.command(place), place))
        for at_ns, batch in batches
        for place in range(len(batch))
    ]
    assert len(steady) == messages * COMMANDS_PER_MESSAGE
    return follow(Engine(SEED), list(recording.start()), steady), part
