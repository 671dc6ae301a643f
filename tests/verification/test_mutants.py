"""Every mutant is caught twice: by its inequality with the true engine, and by the checker alone."""

from dataclasses import dataclass

import pytest
from verification.adversary import Adversary
from verification.lockstep import alike, result_of
from verification.more_mutants import MUTANTS
from verification.mutants import Mutant

from acd_core.reference import ReferenceEngine
from acd_core.refusal import Refused
from acd_service.checker import Checker, Violation

SEEDS = range(9_000, 9_300)
COMMANDS = 500


@dataclass
class Caught:
    """Where a mutant was found out, if it was: the seed."""

    by_inequality: int | None = None
    by_checker: int | None = None
    violation: Violation | None = None


def hunt(mutant: type[Mutant], seeds: range) -> Caught:
    """Drive a mutant, the true engine beside it until they differ, and the checker, until both have found it out."""
    caught = Caught()
    for seed in seeds:
        _hunt_one(mutant, seed, caught)
        if caught.by_inequality is not None and caught.by_checker is not None:
            break
    return caught


def _hunt_one(kind: type[Mutant], seed: int, caught: Caught) -> None:
    adversary = Adversary(seed, kind.strategies)
    mutant, true = kind(seed), ReferenceEngine(seed)
    mutant.limits = true.limits = adversary.limits()
    checker = Checker(seed, thorough_every=64)
    equal = True
    for _ in range(COMMANDS):
        at_ns, command = adversary.next(mutant.next_timer())
        result = result_of(mutant, at_ns, command)
        if equal and not alike(result_of(true, at_ns, command), result):
            equal = False
            if caught.by_inequality is None:
                caught.by_inequality = seed
        if not isinstance(result, Refused):
            adversary.learn(result.events)
            if not result.duplicate and checker.observe(result.seq, at_ns, command, result.events) is not None:
                caught.by_checker = seed
                caught.violation = checker.violation
        if not equal and (checker.violation is not None or caught.by_checker is not None):
            return


def test_the_true_engine_is_not_caught() -> None:
    caught = hunt(Mutant, range(SEEDS.start, SEEDS.start + 40))
    assert caught == Caught()


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name: str) -> None:
    mutant = MUTANTS[name]
    caught = hunt(mutant, SEEDS)
    print(f"{name} ({mutant.rule}): unequal in seed {caught.by_inequality}, checker in seed {caught.by_checker}")  # noqa: T201
    if caught.violation is not None:
        print(f"  {caught.violation.invariant}: {caught.violation.reason}")  # noqa: T201
    assert caught.by_inequality is not None, f"{name} is equal to the true engine: {mutant.rule}"
    assert caught.by_checker is not None, f"{name} escapes the checker: {mutant.rule}"
