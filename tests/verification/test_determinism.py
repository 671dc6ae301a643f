"""The same commands give the same figures: under any hash seed, in any build, on any machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from verification import golden
from verification.adversary import Adversary
from verification.engines import BOTH

from acd_core.digest import hash_text, mix_word
from acd_core.enums import EventType
from acd_core.events import EVENT_FIELDS
from acd_core.refusal import Refused

ROOT = Path(__file__).resolve().parents[2]


def _elsewhere(hash_seed: str) -> str:
    """The golden figures as a new process makes them."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("tests", "service", "proto", "."))
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    command = [sys.executable, "-m", "verification.golden"]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_recorded_figures_under_another_hash_seed(hash_seed: str) -> None:
    assert _elsewhere(hash_seed) == golden.FILE.read_text()


def test_recorded_figures_in_this_process() -> None:
    assert golden.text() == golden.FILE.read_text()


@pytest.mark.parametrize("name", BOTH)
def test_the_event_hash_is_the_one_that_is_documented(name: str) -> None:
    """Recomputed from the events by the formula of `acd_core.digest`."""
    engine = BOTH[name](11)
    adversary = Adversary(11)
    expected = 0
    for _ in range(400):
        at_ns, command = adversary.next(engine.next_timer())
        try:
            events = engine.apply(at_ns, command).events
        except Refused:
            continue
        adversary.learn(events)
        for event in events:
            for field in ("type", "event_seq", "seq", "at_ns", *EVENT_FIELDS[EventType(event.type)]):
                value = getattr(event, field)
                expected = mix_word(expected, hash_text(value) if isinstance(value, str) else value)
        assert engine.event_hash == expected
    assert engine.event_seq > 100
