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
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Self

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
"""The longest steady stream that is recorded of a workload; shorter ones are its beginning."""
QUICK_COMMANDS = 20_000
LENGTHS = (QUICK_COMMANDS, COMMANDS)

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
_SOURCES = ("draws.py", "shapes.py", "site.py", "workload.py")
_FORMAT = 2
"""Of the files; raised when `pack` changes."""

Packed = tuple[Any, ...]


def workload_key(shape: Shape, form: str) -> str:
    """Names what is made of a workload: another one when the generator changes, or the form in which it is kept."""
    word = hashlib.sha256(f"{shape} {SEED} {form}".encode())
    for name in _SOURCES:
        word.update((Path(__file__).parent / name).read_bytes())
    return word.hexdigest()[:16]


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
    commands: int

    @classmethod
    def of(cls, shape: Shape, commands: int = QUICK_COMMANDS) -> Self:
        """A recording of a shape with at least so many steady commands; made if there is none.

        Raises:
            ValueError: more commands than are ever recorded.
        """
        lengths = [length for length in LENGTHS if length >= commands]
        if not lengths:
            raise ValueError(f"{commands} commands are more than the {COMMANDS} that are recorded")
        key = workload_key(shape, f"{BEHAVIOUR_VERSION} {_FORMAT}")
        found = [cls(FOLDER / f"{shape.name}-{length}-{key}.recording", shape, length) for length in lengths]
        for recording in found:
            if recording.path.exists():
                return recording
        found[0]._make()
        return found[0]

    @property
    def messages_path(self) -> Path:
        """Where the stream of batches is (`bench.batches`), recorded along."""
        return self.path.with_suffix(".messages")

    def _make(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        made = self.path.with_suffix(f".{os.getpid()}")
        made_messages = made.with_suffix(f".messages-{os.getpid()}")
        engine, workload = Engine(SEED), Workload(self.shape, SEED)
        with made.open("wb") as file:
            _write(file, engine, workload, workload.start(engine.next_timer))
            file.flush()
            # A copy of the process goes on from the same start state with batches.
            child = os.fork()
            if not child:
                status = 1
                try:
                    _write_messages(engine, workload, self.commands, made_messages)
                    status = 0
                finally:
                    os._exit(status)
            _write(file, engine, workload, islice(workload.stream(engine.next_timer), self.commands))
            if os.waitpid(child, 0)[1]:
                raise RuntimeError(f"the stream of batches of {self.shape.name} could not be recorded")
        made_messages.replace(self.messages_path)
        made.replace(self.path)

    def start(self) -> Iterator[Timed]:
        """The commands that build the start state, one at a time."""
        yield from self._part(0)

    def steady(self, commands: int) -> list[Timed]:
        """The first so many commands of the steady stream.

        They are set aside from the garbage collector, which stays on: in life there is no such list for it to go over.
        """
        found = list(islice(self._part(1), commands))
        assert len(found) == commands, f"{commands} commands are more than the {len(found)} that were recorded"
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


def _write(file: BinaryIO, engine: Engine, workload: Workload, stream: Iterator[Timed]) -> None:
    """One part of a recording: chunks, and None behind the last."""
    chunk: list[Packed] = []
    for at_ns, command in stream:
        workload.learn(engine.apply(at_ns, command).events)
        chunk.append(pack(at_ns, command))
        if len(chunk) == CHUNK:
            pickle.dump(chunk, file, pickle.HIGHEST_PROTOCOL)
            chunk = []
    pickle.dump(chunk, file, pickle.HIGHEST_PROTOCOL)
    pickle.dump(None, file)


def _write_messages(engine: Engine, workload: Workload, commands: int, path: Path) -> None:
    # Imported here: who only builds a workload has no service in its memory.
    from bench.batches import COMMANDS_PER_MESSAGE, write_messages

    write_messages(engine, workload, commands // COMMANDS_PER_MESSAGE, path)
