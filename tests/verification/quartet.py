"""Four-way equality for one seed: live = replayed = snapshot + tail = reference, with the checker beside.

Every engine is given the same adversarial stream. Now and then all state digests are compared, and sometimes every
engine is thrown away and restored from the bytes of another one, so that what follows is a tail after a snapshot.
At the end the accepted commands are replayed from the first, and from a snapshot taken on the way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from verification.adversary import Adversary, RecoveringAdversary
from verification.lockstep import Coverage, Lockstep

from acd_core.commands import Command
from acd_core.refusal import Refused
from acd_service.checker import Checker
from bench.workload import Draws

Engines = Mapping[str, Any]
"""Engine classes by name; the first is what the others are measured against."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed came to: figures that must be the same wherever it runs."""

    seed: int
    commands: int
    accepted: int
    events: int
    event_hash: int
    state_digest: str
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class _Saved:
    accepted: int
    snapshot: bytes


def run_seed(
    seed: int,
    commands: int,
    engines: Engines,
    *,
    check: bool = True,
    stream: type[Adversary] = RecoveringAdversary,
    thorough_every: int = 64,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Run one seed of a stream of commands. Raises DisagreementError naming seed, command and difference."""
    adversary = stream(seed)
    limits = adversary.limits()
    checker = Checker(seed, thorough_every=thorough_every) if check else None
    steps = Lockstep({name: kind(seed) for name, kind in engines.items()}, checker, f"seed {seed},")
    for engine in steps.engines.values():
        engine.limits = limits
    aside = Draws(seed ^ 0x5EED)
    saved: _Saved | None = None
    for number in range(commands):
        at_ns, command = adversary.next(steps.lead.next_timer())
        result = steps.apply(at_ns, command)
        if not isinstance(result, Refused):
            adversary.learn(result.events)
        if aside.chance(10):
            digest = steps.compare_digests()
            _compare_lines(steps)
            if isinstance(result, Refused):
                _refuse_again(steps, at_ns, command, digest)
            if aside.chance(300):
                _restore_crosswise(steps, engines)
            if saved is None and aside.chance(300):
                saved = _Saved(len(steps.accepted), steps.lead.snapshot())
        if progress is not None and number % 1_000 == 999:
            progress(1_000)
    digest = steps.compare_digests()
    if checker is not None:
        _compare_counts(steps, checker)
    for name, kind in engines.items():
        _replay(steps, f"{name} replayed", kind(seed), 0, digest)
        if saved is not None:
            _replay(steps, f"{name} from a snapshot", kind.restore(saved.snapshot), saved.accepted, digest)
    lead = steps.lead
    return Outcome(seed, commands, lead.seq, lead.event_seq, lead.event_hash, digest, steps.coverage)


def _refuse_again(steps: Lockstep, at_ns: int, command: Command, digest: str) -> None:
    """A refused command changed nothing: it is refused again, and the state is what it was."""
    steps.apply(at_ns, command)
    if steps.compare_digests() != digest:
        steps.fail(at_ns, command, "a refused command changed the state")


def _restore_crosswise(steps: Lockstep, engines: Engines) -> None:
    """Put in each engine's place one restored from its neighbour's snapshot."""
    names = list(engines)
    snapshots = {name: engine.snapshot() for name, engine in steps.engines.items()}
    for name, source in zip(names, names[1:] + names[:1], strict=True):
        limits = steps.engines[name].limits
        restored = engines[name].restore(snapshots[source])
        if restored.snapshot() != snapshots[source]:
            steps.fail(0, None, f"{name} restored from {source}'s snapshot does not give the same snapshot")
        restored.limits = limits
        steps.engines[name] = restored
    steps.compare_digests()


def _compare_lines(steps: Lockstep) -> None:
    """What live figures are made of is not in the digest's way of counting: it has to be the same all the same."""
    first, *others = [
        (engine.lines(), engine.agent_counts(), engine.counts(), engine.contact_states())
        for engine in steps.engines.values()
    ]
    if any(other != first for other in others):
        steps.fail(0, None, f"the lines differ: {first}, {others}")
    lines, agents, counts, _ = first
    waiting, offered = (sum(getattr(line, name) for line in lines) for name in ("waiting", "offered"))
    if (waiting, offered, sum(agents[:3])) != (counts.waiting, counts.offered, counts.agents):
        steps.fail(0, None, f"the lines do not add up: {lines}, {agents}, {counts}")


def _compare_counts(steps: Lockstep, checker: Checker) -> None:
    counts = steps.lead.counts()
    if (counts.opened, list(counts.closed)) != (checker.opened, list(checker.closed.values())):
        steps.fail(0, None, f"the books differ: engine {counts}, checker {checker.opened} {checker.closed}")


def _replay(steps: Lockstep, what: str, engine: Any, done: int, digest: str) -> None:
    """Give an engine the accepted commands from the `done`th on; its hash has to be the live one's after each."""
    for number, (at_ns, command) in enumerate(steps.accepted[done:], done):
        engine.apply(at_ns, command)
        if engine.event_hash != steps.hashes[number]:
            steps.fail(at_ns, command, f"{what}: after accepted command {number + 1} the event hash differs")
    if engine.state_digest() != digest:
        steps.fail(0, None, f"{what}: the state at the end differs")
