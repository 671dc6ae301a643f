"""Recordings: the commands of a workload, made once against an engine and kept under `build/bench`.

What is timed is then only the engine's work: no draws, no reactions. Commands are kept by their fields, not as memory
looks, so that a recording outlives changes of the engine's classes. It is made anew when the generator changes.

A file is a sequence of pickles: a header, then chunks of commands, so that a reader never holds more than one chunk of
the start state.
"""

import gc
import hashlib
import os
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    EnqueueContact,
    FinishWrapUp,
    SetPresence,
    Tick,
    UpsertAgents,
)
from acd_core.engine import Engine
from acd_core.snapshot import BEHAVIOUR_VERSION
from bench.workload import Shape, Timed, Workload

FOLDER = Path(__file__).resolve().parents[1] / "build" / "bench"
SEED = 1
CHUNK = 2_000
COMMANDS = 300_000
"""The steady stream that is recorded of each workload; shorter runs take its beginning."""

_FIELDS: dict[type[Command], tuple[str, ...]] = {
    AcceptOffer: ("contact_id", "agent_id", "offer_id"),
    ApplyPolicy: ("policy",),
    CancelContact: ("contact_id",),
    CompleteContact: ("contact_id",),
    EnqueueContact: ("contact_id", "queue_id", "channel_id", "requirement", "priority"),
    FinishWrapUp: ("agent_id", "contact_id"),
    SetPresence: ("agent_id", "presence"),
    Tick: (),
    UpsertAgents: ("agents",),
}
_KINDS = tuple(_FIELDS)
_PREFERRED = len(_KINDS)
"""The kind of an arrival that prefers agents, which is no field in order."""
_SOURCES = ("draws.py", "recording.py", "shapes.py", "site.py", "workload.py")

Packed = tuple[Any, ...]


def pack(at_ns: int, command: Command) -> Packed:
    """A command as plain values: time, kind, fields."""
    kind = type(command)
    values = tuple(getattr(command, name) for name in _FIELDS[kind])
    if isinstance(command, EnqueueContact) and command.preferred_agents:
        return (at_ns, _PREFERRED, command.preferred_agents, *values)
    return (at_ns, _KINDS.index(kind), *values)


def unpack(packed: Packed) -> Timed:
    """The command that `pack` took apart."""
    at_ns, kind, *values = packed
    if kind == _PREFERRED:
        return at_ns, EnqueueContact(*values[1:], preferred_agents=values[0])
    return at_ns, _KINDS[kind](*values)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded workload on disk."""

    path: Path
    shape: Shape

    @classmethod
    def of(cls, shape: Shape) -> Self:
        """The recording of a shape; made if it is not there."""
        word = hashlib.sha256(f"{shape} {SEED} {COMMANDS} {BEHAVIOUR_VERSION}".encode())
        for name in _SOURCES:
            word.update((Path(__file__).parent / name).read_bytes())
        recording = cls(FOLDER / f"{shape.name}-{word.hexdigest()[:16]}.recording", shape)
        if not recording.path.exists():
            recording._make()
        return recording

    def _make(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        made = self.path.with_suffix(f".{os.getpid()}")
        engine, workload = Engine(SEED), Workload(self.shape, SEED)
        streams = (workload.start(engine.next_timer), workload.stream(engine.next_timer))
        with made.open("wb") as file:
            for stream, count in zip(streams, (-1, COMMANDS), strict=True):
                chunk: list[Packed] = []
                for at_ns, command in stream:
                    chunk.append(pack(at_ns, command))
                    workload.learn(engine.apply(at_ns, command).events)
                    count -= 1
                    if len(chunk) == CHUNK or not count:
                        pickle.dump(chunk, file, pickle.HIGHEST_PROTOCOL)
                        chunk = []
                    if not count:
                        break
                pickle.dump(chunk, file, pickle.HIGHEST_PROTOCOL)
                pickle.dump(None, file)
        made.replace(self.path)

    def start(self) -> Iterator[Timed]:
        """The commands that build the start state, one at a time."""
        yield from self._part(0)

    def steady(self, commands: int) -> list[Timed]:
        """The first so many commands of the steady stream.

        They are set aside from the garbage collector, which stays on: in life there is no such list for it to go over.
        """
        found: list[Timed] = []
        for timed in self._part(1):
            found.append(timed)
            if len(found) == commands:
                break
        if len(found) < commands:
            raise ValueError(f"{commands} commands are more than the {len(found)} that were recorded")
        gc.collect()
        gc.freeze()
        return found

    def _part(self, number: int) -> Iterator[Timed]:
        with self.path.open("rb") as file:
            while number:
                number -= pickle.load(file) is None
            while (chunk := pickle.load(file)) is not None:
                yield from map(unpack, chunk)

    def built(self) -> Engine:
        """An engine in the start state."""
        engine = Engine(SEED)
        for at_ns, command in self.start():
            engine.apply(at_ns, command)
        return engine
