"""The reader and writer of the compiled engine's canonical bytes: in pieces, and on bytes that were tampered with.

A snapshot file has a digest, so damage is found before; the reader must stand on its own all the same.
"""

import random
import struct
from dataclasses import replace
from typing import Any

import pytest

from acd_core.commands import ApplyPolicy, EnqueueContact, UpsertAgents
from acd_core.engine import Engine
from acd_core.policy import Policy, QueueSpec
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_core.snapshot import MAGIC, BadSnapshot, digest_of
from bench.shapes import MIXED
from bench.workload import Workload

SHAPE = replace(
    MIXED, name="few", agents=30, waiting=40, skills=12, queues=8, profiles=6, requirements=20, skills_per_agent=4
)


class Dripping:
    """A file that gives a few bytes at a time."""

    def __init__(self, data: bytes, seed: int = 0, at_most: int = 9) -> None:
        self._data, self._at = data, 0
        self._random, self._at_most = random.Random(seed), at_most

    def readinto(self, buffer: memoryview) -> int:
        count = min(len(buffer), len(self._data) - self._at, self._random.randint(1, self._at_most))
        buffer[:count] = self._data[self._at : self._at + count]
        self._at += count
        return count


@pytest.fixture(scope="module")
def state() -> bytes:
    """A state in which there is something of nearly everything."""
    engine, workload = Engine(3), Workload(SHAPE, 3)
    for at_ns, command in workload.start(engine.next_timer):
        workload.learn(engine.apply(at_ns, command).events)
    for _, (at_ns, command) in zip(range(300), workload.stream(engine.next_timer), strict=False):
        workload.learn(engine.apply(at_ns, command).events)
    engine.apply(engine.now_ns, EnqueueContact("own", "queue1", customer_id="zoë", attributes=b"\0x", request_id="r"))
    return engine.snapshot()


def test_a_file_is_read_and_written_in_pieces(state: bytes, engine_class: Any) -> None:
    engine = engine_class.restore_from(Dripping(state), len(state))
    pieces: list[bytes] = []
    engine.write_snapshot(pieces.append)
    assert b"".join(pieces) == state == engine.snapshot() == engine_class.restore(state).snapshot()
    assert engine.state_digest() == digest_of(state)


def test_one_field_may_be_larger_than_a_piece() -> None:
    engine = Engine()
    engine.apply(1, ApplyPolicy(Policy(queues=tuple(QueueSpec(f"{number:0120}") for number in range(5_000)))))
    engine.apply(2, UpsertAgents(tuple(AgentSpec(f"{number:0120}") for number in range(5_000))))
    state = engine.snapshot()
    pieces: list[bytes] = []
    engine.write_snapshot(pieces.append)
    assert len(pieces) > 2
    assert max(map(len, pieces)) > 2**20
    assert b"".join(pieces) == state
    assert Engine.restore_from(Dripping(state, at_most=2**18), len(state)).snapshot() == state


@pytest.mark.parametrize("size", [0, 5, 1_000])
def test_a_file_that_ends_early(state: bytes, size: int, engine_class: Any) -> None:
    with pytest.raises(BadSnapshot, match="cut short"):
        engine_class.restore_from(Dripping(state[:size]), len(state))


def test_a_file_that_goes_on(state: bytes, engine_class: Any) -> None:
    with pytest.raises(BadSnapshot, match="3 bytes follow"):
        engine_class.restore_from(Dripping(state + b"abc"), len(state) + 3)


def test_a_sink_that_fails(state: bytes) -> None:
    def full(piece: bytes) -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        Engine.restore(state).write_snapshot(full)


def test_truncations(state: bytes) -> None:
    draws = random.Random(1)
    lengths = {*range(300), *(draws.randrange(len(state)) for _ in range(300)), len(state) - 1}
    for size in lengths:
        with pytest.raises(BadSnapshot):
            Engine.restore(state[:size])


@pytest.mark.parametrize("seed", range(4))
def test_tampered_bytes(state: bytes, seed: int) -> None:
    """Either they are refused by name, or they are a state that can be written again."""
    draws = random.Random(seed)
    refused = 0
    for _ in range(200):
        data = bytearray(state)
        at = draws.randrange(len(MAGIC), len(data) - 8)
        match draws.randrange(4):
            case 0:
                data[at] ^= 1 << draws.randrange(8)
            case 1:
                struct.pack_into("<I", data, at, draws.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1)))
            case 2:
                struct.pack_into("<q", data, at, draws.choice((0, -1, 1, 2**31, 2**63 - 1, -(2**63))))
            case _:
                start = draws.randrange(len(data) - 64)
                data[at : at + 64] = state[start : start + len(data[at : at + 64])]
        try:
            engine = Engine.restore(bytes(data))
        except BadSnapshot:
            refused += 1
        else:
            assert Engine.restore_from(Dripping(bytes(data), seed, 5_000), len(data)).snapshot() == engine.snapshot()
    assert refused > 50


def test_alike_shares_and_checks() -> None:
    first = AgentSpec(
        "a", (SkillLevel("x", 3),), 40, (ChannelMaximum("voice", 1),), (QueueMembership("q", 1, 2),), "A", 7
    )
    other = first.alike("b", "", 9)
    assert other == replace(first, agent_id="b", display_name="", weight=9)
    assert hash(other) == hash(replace(first, agent_id="b", display_name="", weight=9))
    assert other.skills is first.skills
    for agent_id, name, weight in (("", "", 1), ("b", "\n", 1), ("b", "", 0)):
        with pytest.raises(Refused):
            first.alike(agent_id, name, weight)
