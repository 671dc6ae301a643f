"""What comes as single calls is applied in runs by compiled code: to the same effect as one by one."""

import asyncio
from types import SimpleNamespace

import pytest

from acd.v1 import command_pb2, contact_commands_pb2
from acd_core.commands import ApplyPolicy
from acd_core.engine import Engine
from acd_service.applying import Applying
from acd_service.asking import Asking
from acd_service.clock import DrivenClock
from acd_service.codec.chunks import commands_in, events_in
from acd_service.codec.sent import SentCommand
from acd_service.codec.wire_reader import CommandReader
from acd_service.meters import Meters
from acd_service.policy_file import parse_policy
from acd_service.seat import Seat
from acd_service.set_aside import SetAside
from acd_service.taken import Taken
from acd_service.timetable import Timetable

POLICY = """
queues:
  sales: {plan: short}
plans:
  short:
    - {after: 1s, end: {kind: hang_up, target: too long}}
"""
BEGAN_NS = 1_700_000_000 * 10**9
_ENQUEUE = command_pb2.Command.ENQUEUE_CONTACT_FIELD_NUMBER
_CANCEL = command_pb2.Command.CANCEL_CONTACT_FIELD_NUMBER


class _Clock(DrivenClock):
    """Stands where it is put, and says that it goes by itself."""

    driven = False


class House:
    def __init__(self, folder):
        self.clock = _Clock(BEGAN_NS)
        self.meters = Meters()
        self.timetable = Timetable()
        self.applying = Applying(self.clock, self.timetable, self.meters)
        self.seat = Seat("t", Engine(7), SimpleNamespace(), SetAside(folder / "set_aside"), rebuild=lambda: None)
        self.seat.engine.apply(BEGAN_NS, ApplyPolicy(parse_policy(POLICY)))
        self.timetable.look_again(self.seat)
        self.records, self.events, self.released, self.answers = [], [], [], []

    def apply(self, calls, *, one_by_one):
        loop = asyncio.get_running_loop()
        batch = [Taken(self.seat, sent.command, loop.create_future(), asking, sent=sent) for sent, asking in calls]
        made = self.applying.apply(batch, one_by_one=one_by_one)
        kept = made.batch()
        self.records += [(each.seq, each.at_ns, each.event_hash, each.content) for each in kept.commands]
        self.events += [(each.event_seq, each.seq, each.content) for each in kept.events]
        for stretch in kept.stretches:
            self.records += commands_in(stretch.commands)
            self.events += events_in(stretch.events) if stretch.events else []
        runs = [run for _, runs in made.ticked for run in runs] + [run for taken in batch for run in taken.released]
        for run in runs:
            for content in run.contents(run.event_seq, len(run)):
                self.released.append((content, run.asked_by))
        for taken in batch:
            response = taken.content or (None if taken.answer is None else taken.response())
            self.answers.append(str(taken.error) if response is None else response)


def _sent(field, message):
    content = message.SerializeToString()
    command = CommandReader().request(field, content)
    assert command is not None
    return SentCommand(command, field, content)


def _calls(turn, who):
    """Contacts with and without ids, one twice, one refused, one that is gone again, one too late."""
    enqueue = contact_commands_pb2.EnqueueContactRequest
    soon = Asking(asked_by=who)
    messages = [
        enqueue(queue_id="sales", contact_id=f"c{turn}", request_id=f"r{turn}", attributes={"a": "b"}),
        enqueue(queue_id="sales"),
        enqueue(queue_id="nowhere"),
        enqueue(queue_id="sales", contact_id=f"c{turn}", request_id=f"r{turn}", attributes={"a": "b"}),
        enqueue(queue_id="sales", contact_id=f"d{turn}"),
        enqueue(queue_id="sales"),
    ]
    calls = [(_sent(_ENQUEUE, message), soon) for message in messages]
    calls.append((_sent(_CANCEL, contact_commands_pb2.CancelContactRequest(contact_id=f"d{turn}")), soon))
    calls.append((_sent(_ENQUEUE, enqueue(queue_id="sales")), soon._replace(deadline=-1.0)))
    return calls


@pytest.mark.parametrize("who", ["", "pbx"])
def test_a_run_does_what_its_commands_do_one_by_one(tmp_path, who):
    async def both():
        houses = [House(tmp_path / "a"), House(tmp_path / "b")]
        for turn in range(6):
            for house, one_by_one in zip(houses, (True, False), strict=True):
                house.clock.advance_to(BEGAN_NS + turn * 700_000_000)
                house.apply(_calls(turn, who), one_by_one=one_by_one)
        return houses

    plain, in_runs = asyncio.run(both())
    assert in_runs.answers == plain.answers
    assert any(isinstance(answer, str) for answer in plain.answers)
    assert in_runs.records == plain.records
    assert in_runs.events == plain.events
    assert len(plain.events) > len(plain.answers)  # timers fired too
    assert in_runs.released == plain.released
    assert {asked for _, asked in plain.released} == {"", who}
    assert in_runs.seat.engine.state_digest() == plain.seat.engine.state_digest()
    assert in_runs.meters.accepted == plain.meters.accepted
    assert in_runs.meters.not_accepted == plain.meters.not_accepted
    assert (in_runs.seat.commands, in_runs.seat.refused) == (plain.seat.commands, plain.seat.refused)
