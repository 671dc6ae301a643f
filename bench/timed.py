"""One workload in a process of its own, timed in turns that its parent asks for.

    python -m bench.timed NAME COMMANDS ROUNDS [--digest]

A line on standard input is a turn: the next part of the recorded stream through the engine, one Python call a command,
the next wire messages through another engine, and the floor with as many ids, one after the other and in the next turn
in the opposite order. The answer is
a line of JSON. After the last turn comes one with the hash of all events and, if asked for, the digest of the state.

Timed is what a caller in the same process pays: the call, the answer and the events as Python objects, dropped at
once. Not timed: drawing the commands, building them, reading the clock of each. Garbage collection stays on. The clock
is the processor time of the thread, which others on the machine do not lengthen.
"""

import argparse
import json
import sys
import time

from bench.batches import COMMANDS_PER_MESSAGE, Batches, read_messages
from bench.floor import Floor
from bench.recording import Recording
from bench.workload import SHAPES, Timed

FLOOR_COMMANDS = 100_000
"""In one turn; the engine's part of a turn is of a like length."""


def engine_ns(apply, part: list[Timed]) -> int:  # type: ignore[no-untyped-def]  # a bound method, kept as it is for speed
    """How long the commands take: nanoseconds of this thread's processor time."""
    from_ns = time.thread_time_ns()
    for at_ns, command in part:
        apply(at_ns, command).events  # noqa: B018  (events may be made only when they are looked at)
    return time.thread_time_ns() - from_ns


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.timed")
    parser.add_argument("name", choices=SHAPES)
    parser.add_argument("commands", type=int)
    parser.add_argument("rounds", type=int)
    parser.add_argument("--digest", action="store_true", help="hash the state at the end, too")
    args = parser.parse_args()
    recording = Recording.of(SHAPES[args.name], args.commands)
    engine = recording.built()
    batches = Batches(recording.built(), read_messages(recording.messages_path)[0])
    messages = args.commands // COMMANDS_PER_MESSAGE
    steady = recording.steady(args.commands)
    floor = Floor(recording.shape.live)
    floor.run(FLOOR_COMMANDS)
    size = args.commands // args.rounds
    _say({"ready": args.name})
    for turn in range(args.rounds):
        if not sys.stdin.readline():
            return 1
        part = steady[turn * size : (turn + 1) * size if turn + 1 < args.rounds else args.commands]
        found: dict[str, float] = {}
        for what in ("floor", "engine", "batch")[:: -1 if turn % 2 else 1]:
            if what == "floor":
                found["floor_ns"] = floor.run(FLOOR_COMMANDS) / FLOOR_COMMANDS
            elif what == "engine":
                found["engine_ns"] = engine_ns(engine.apply, part) / len(part)
            else:
                took_ns, commands = batches.run(messages * (turn + 1) // args.rounds)
                found["batch_ns"] = took_ns / commands
        _say(found)
    end = {"event_hash": f"{engine.event_hash:016x}", "batch_event_hash": f"{batches.engine.event_hash:016x}"}
    if args.digest:
        end["state_digest"] = engine.state_digest()
    _say(end)
    return 0


def _say(figures: object) -> None:
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    sys.exit(main())
