"""Runs the main operations with callgrind's counting on; started by `bench.instructions`, of no use outside valgrind.

    valgrind --tool=callgrind --instr-atstart=no --collect-atstart=no python -m bench.counted NAME

Each kind of operation has a pass over the same commands from the same state, counting on around its commands only. The
dump of a pass is named after the workload, the operation and how many commands were counted. A pass of its own counts
what the marks and the call from Python take by themselves, and one goes over whole batches.
"""

import argparse
import ctypes
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from acd_core.commands import Command, Tick
from acd_core.engine import Engine
from acd_core.enums import CommandKind, EventType
from bench.batches import Batches, read_messages
from bench.floor import Floor, built
from bench.recording import Recording
from bench.workload import SHAPES, Timed

COMMANDS = 4_000
"""Steady commands that a pass goes over."""
COUNTED_MAX = 500
"""Commands of one operation that are counted in a pass."""
TICKS = 200
FLOOR_COMMANDS = 2_000
MESSAGES_BEFORE = 10
MESSAGES = 15
"""Messages of the batches that are counted, and that go before."""
BATCH = "batch"
NOTHING = "nothing"
NOTHING_DUE = "tick_nothing_due"


class _Marks:
    def __init__(self) -> None:
        library = ctypes.PyDLL(str(built(Path(__file__).with_name("callgrind_marks.cc"))))
        self.toggle = library.marks_toggle
        self._begin = library.marks_begin
        self._end = library.marks_end
        self._dump = library.marks_dump

    def dump_pass(self, name: str, operation: str, run: Callable[[], int]) -> None:
        """One pass with instructions simulated; `run` says how many commands it counted."""
        self._begin()
        counted = run()
        self._dump(f"{name} {operation} {counted}".encode())
        self._end()


def operation(engine: Engine, at_ns: int, command: Command) -> str:
    """Applies the command and names what it did: its kind, and whether it led to an offer."""
    events = engine.apply(at_ns, command).events
    kind = CommandKind(command.kind).name.lower()
    return f"{kind}+offer" if any(event.type == EventType.OFFER_MADE for event in events) else kind


def count(
    marks: _Marks, apply: Callable[[int, Command], object], steady: Sequence[Timed], kinds: Sequence[str], kind: str
) -> int:
    """One pass. Returns how many commands were counted."""
    toggle, counted = marks.toggle, 0
    for (at_ns, command), each in zip(steady, kinds, strict=True):
        if each == kind and counted < COUNTED_MAX:
            counted += 1
            toggle()
            apply(at_ns, command)
            toggle()
        else:
            apply(at_ns, command)
    return counted


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.counted")
    parser.add_argument("name", choices=SHAPES)
    name = parser.parse_args().name
    marks = _Marks()
    recording = Recording.of(SHAPES[name])
    engine = recording.built()
    steady = recording.steady(COMMANDS)
    state = engine.snapshot()
    kinds = [operation(engine, at_ns, command) for at_ns, command in steady]
    # Collections come by chance at this scale; in the long run they cost nothing to speak of.
    gc.disable()
    engine = Engine.restore(state)
    floor = Floor(recording.shape.live)

    def nothing(at_ns: int, command: Command) -> None:
        pass

    def floor_commands() -> int:
        marks.toggle()
        floor.run(FLOOR_COMMANDS)
        marks.toggle()
        return FLOOR_COMMANDS

    def one_pass(
        apply: Callable[[int, Command], object], commands: Sequence[Timed], kinds: Sequence[str], kind: str
    ) -> None:
        marks.dump_pass(name, kind, lambda: count(marks, apply, commands, kinds, kind))

    ticks: list[Timed] = [(engine.now_ns, Tick())] * TICKS
    one_pass(nothing, ticks, [NOTHING] * TICKS, NOTHING)
    marks.dump_pass(name, "floor", floor_commands)
    one_pass(engine.apply, ticks, [NOTHING_DUE] * TICKS, NOTHING_DUE)
    for kind in sorted(set(kinds)):
        one_pass(Engine.restore(state).apply, steady, kinds, kind)
    batches = Batches(Engine.restore(state), read_messages(recording.messages_path)[0])

    def batch() -> int:
        batches.run(MESSAGES_BEFORE)
        marks.toggle()
        _, commands = batches.run(MESSAGES_BEFORE + MESSAGES)
        marks.toggle()
        return commands

    marks.dump_pass(name, BATCH, batch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
