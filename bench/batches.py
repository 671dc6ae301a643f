"""A workload's steady stream as wire messages of 256 commands, decoded, applied and answered inside compiled code.

All commands of a message have one time, so the stream is another than that of single calls; it is recorded beside it
from the same start state.
"""

import pickle
import time
from collections.abc import Iterator
from pathlib import Path

from acd_core.commands import Command, Tick
from acd_core.engine import Engine
from acd_service.batches import Batch, apply_batch, read_batch, response_of
from acd_service.codec.batches import dispatch_request
from bench.workload import Timed, Workload

COMMANDS_PER_MESSAGE = 256
Message = tuple[int, bytes]


def write_messages(engine: Engine, workload: Workload, messages: int, path: Path) -> None:
    """Record so many messages, made command by command against an engine in the workload's start state."""
    stream = workload.stream(engine.next_timer)
    made = [_message(engine, workload, stream) for _ in range(messages)]
    path.write_bytes(pickle.dumps((made, engine.event_hash)))


def _message(engine: Engine, workload: Workload, stream: Iterator[Timed]) -> Message:
    commands: list[Command] = []
    message_at_ns = 0
    for at_ns, command in stream:
        is_tick = isinstance(command, Tick)
        # Within a message time stands still and nothing falls due; in front of it the receiver ticks by itself.
        if is_tick and message_at_ns:
            continue
        message_at_ns = message_at_ns or at_ns
        workload.learn(engine.apply(message_at_ns, command).events)
        if not is_tick:
            commands.append(command)
        if len(commands) == COMMANDS_PER_MESSAGE:
            break
    return message_at_ns, dispatch_request(commands)


def read_messages(path: Path) -> tuple[list[Message], int]:
    """The messages, and the hash of all events that the engine had after the last one."""
    found: tuple[list[Message], int] = pickle.loads(path.read_bytes())
    return found


class Batches:
    """Recorded messages, and an engine of their own in the start state to take them."""

    def __init__(self, engine: Engine, messages: list[Message]) -> None:
        self.engine = engine
        self._messages = messages
        self._next = 0

    def run(self, up_to: int) -> tuple[int, int]:
        """Apply up to so many messages in all. Returns nanoseconds of this thread's processor time, and commands.

        Timed is from the bytes of a message to those of its answer, with what a journal would keep made on the way.
        """
        part = self._messages[self._next : up_to]
        self._next = up_to
        answers: list[int] = []
        from_ns = time.thread_time_ns()
        for at_ns, content in part:
            answers.append(len(self._answer(at_ns, read_batch(content))))
        took_ns = time.thread_time_ns() - from_ns
        assert all(answers)
        return took_ns, len(part) * COMMANDS_PER_MESSAGE

    def _answer(self, at_ns: int, batch: Batch) -> bytes:
        applied = apply_batch(self.engine, at_ns, batch)
        assert not applied.refused, applied.refused
        return response_of([applied])
