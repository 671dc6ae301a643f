"""What one transaction holds: runs that follow each other become one piece, and say the same."""

import asyncio
from types import SimpleNamespace

import pytest

from acd_core.commands import ApplyPolicy, EnqueueContact, Heartbeat, SetPresence, UpsertAgents
from acd_core.engine import Engine
from acd_core.enums import Presence
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service import uncommitted
from acd_service.applying import Applying
from acd_service.asking import OURSELVES
from acd_service.batches import apply_batch, read_batch
from acd_service.clock import WallClock
from acd_service.codec.batches import dispatch_request
from acd_service.codec.chunks import command_chunk, commands_in, events_in, joined_command_chunks
from acd_service.meters import Meters
from acd_service.seat import Seat
from acd_service.set_aside import SetAside
from acd_service.taken import Taken
from acd_service.timetable import Timetable
from acd_service.uncommitted import Uncommitted

T0 = 1_700_000_000_000_000_000


def test_whoever_is_told_of_a_commit_is_told_in_the_order_of_the_work(tmp_path):
    """Not in that of places in memory: what follows on a commit begins in this order."""
    applying = Applying(WallClock(), Timetable(), Meters())

    async def inside():
        seats = [
            Seat(f"t{number}", Engine(), None, SetAside(tmp_path / "none"), rebuild=Engine) for number in range(64)
        ]
        future = asyncio.get_running_loop().create_future()
        batch = [Taken(seat, Heartbeat(("a",)), future, OURSELVES) for seat in reversed(seats)]
        assert list(applying.apply(batch).touched) == seats[::-1]

    asyncio.run(inside())


class Growing:
    """A transaction as it grows, beside the pieces of which it is made."""

    def __init__(self):
        self.made = Uncommitted()
        self.commands, self.events = [], []

    def seat(self, tenant):
        seat = SimpleNamespace(tenant=tenant, engine=Engine())
        policy = ApplyPolicy(Policy(queues=(QueueSpec("sales"),)))
        seat.engine.apply(T0, policy)
        return seat

    def run(self, seat, *commands):
        run = apply_batch(seat.engine, T0 + seat.engine.seq, read_batch(dispatch_request(commands)))
        self.made.put_run(seat, run)
        self.commands += [(seat.tenant, *command) for command in commands_in(run.commands)]
        self.events += [(seat.tenant, *event) for event in events_in(run.events)]

    def enqueue(self, seat, count):
        self.run(seat, *(EnqueueContact("", "sales") for _ in range(count)))

    def check(self):
        stretches = self.made.batch().stretches
        commands = [(each.tenant, *command) for each in stretches for command in commands_in(each.commands)]
        events = [(each.tenant, *event) for each in stretches for event in events_in(each.events)]
        assert commands == sorted(self.commands)
        assert events == sorted(self.events)
        for stretch in stretches:
            inside, caused = commands_in(stretch.commands), events_in(stretch.events)
            assert (stretch.first_seq, stretch.last_seq) == (inside[0][0], inside[-1][0])
            assert stretch.last_at_ns == inside[-1][1]
            numbers = (caused[0][0], caused[-1][0]) if caused else (0, 0)
            assert (stretch.first_event_seq, stretch.last_event_seq) == numbers
        return [(each.tenant, each.first_seq, each.last_seq) for each in stretches]


def test_runs_of_a_tenant_that_follow_each_other_become_one_piece():
    growing = Growing()
    ours, theirs = growing.seat("ours"), growing.seat("theirs")
    for count in (5, 200, 1):
        growing.enqueue(ours, count)
        growing.enqueue(theirs, count)
    assert growing.check() == [("ours", 2, 207), ("theirs", 2, 207)]


def test_what_was_taken_one_by_one_between_two_runs_is_no_part_of_them():
    growing = Growing()
    seat = growing.seat("ours")
    growing.enqueue(seat, 10)
    command = EnqueueContact("", "sales")
    growing.made.record(seat, command, seat.engine.apply(seat.engine.now_ns, command))
    growing.enqueue(seat, 10)
    assert growing.check() == [("ours", 2, 11), ("ours", 13, 22)]
    assert [record.seq for record in growing.made.batch().commands] == [12]


def test_a_run_without_events_is_joined_to_others():
    growing = Growing()
    seat = growing.seat("ours")
    growing.run(seat, UpsertAgents((AgentSpec("ann"),)), SetPresence("ann", Presence.AWAY))
    quiet = Heartbeat(("ann",))
    growing.made = Uncommitted()
    growing.commands, growing.events = [], []
    growing.run(seat, quiet)
    growing.run(seat, quiet)
    assert not growing.events
    assert growing.check() == [("ours", 4, 5)]
    growing.enqueue(seat, 3)
    growing.run(seat, quiet)
    assert growing.check() == [("ours", 4, 9)]


def test_a_piece_has_a_bound(monkeypatch):
    monkeypatch.setattr(uncommitted, "JOINED_COMMANDS_MAX", 20)
    growing = Growing()
    seat = growing.seat("ours")
    for count in (10, 10, 1, 30, 5, 15):
        growing.enqueue(seat, count)
    assert growing.check() == [("ours", 2, 21), ("ours", 22, 22), ("ours", 23, 52), ("ours", 53, 72)]


def test_what_is_no_chunk_is_not_joined():
    chunk = command_chunk([b"record"], [7])
    assert joined_command_chunks([chunk], [1]) == chunk
    for count in (0, 2, 2**40):
        with pytest.raises(ValueError, match=f"not {count} records"):
            joined_command_chunks([chunk], [count])
