"""A batch of a Dispatch on its way through the sequencer, and what applying it came to."""

from collections.abc import Iterator
from typing import Final

from acd_core.enums import CommandKind
from acd_service import codec
from acd_service.batches import Applied, Batch, Permit, apply_batch, response_of
from acd_service.journal import PolicyRecord, Stretch
from acd_service.meters import Meters
from acd_service.released import Released
from acd_service.seat import Seat

_DUPLICATE: Final = "DUPLICATE"


class BatchWork:
    """What is to be applied, and the runs that it took so far: more than one only if it changes the policy.

    Args:
        permit: what its sender may give; None: everything.
    """

    __slots__ = ("_who", "asked_by", "batch", "permit", "runs")

    def __init__(self, batch: Batch, permit: Permit | None, asked_by: str) -> None:
        self.batch = batch
        self.permit = permit
        self.asked_by = asked_by
        self.runs: list[Applied] = []
        self._who = codec.asked_by_field(asked_by)

    def __len__(self) -> int:
        return len(self.batch)

    def run_all(self, seat: Seat, at_ns: int, *, plainly: bool = False) -> Iterator[Applied]:
        """Apply it, from the beginning, at one moment. After a run that ends with a change of policy the seat has to be
        ticked before the next is taken.

        Args:
            plainly: as `apply_batch`.

        Raises:
            BatchFailed: the engine failed.
            Refused: OUT_OF_RANGE, field `at`.
        """
        self.runs.clear()
        after = 0
        set_aside = seat.set_aside if seat.set_aside.knows_any else None
        while after < len(self.batch):
            run = apply_batch(
                seat.engine,
                at_ns,
                self.batch,
                after,
                permit=self.permit,
                set_aside=set_aside,
                asked_by=self._who,
                plainly=plainly,
            )
            after = run.after
            self.runs.append(run)
            yield run

    def released(self, run: Applied) -> list[Released]:
        """The events of a run, to be let out when it is durable."""
        return released_of(run, self.asked_by)

    def response(self) -> bytes:
        """The bytes of the `acd.v1.DispatchResponse`."""
        return response_of(self.runs)


def released_of(run: Applied, asked_by: str, of_tick: tuple[int, int] = (0, 0)) -> list[Released]:
    """The events of a run, to be let out when it is durable.

    Args:
        of_tick: how many of the events nobody asked for, and how many bytes they are; they come first.
    """
    first, content = run.first_event_seq, run.events
    ticked, size = of_tick
    released = []
    if ticked and asked_by:
        released.append(Released.of_chunk(content[:size], first, first + ticked - 1, ""))
        first, content = first + ticked, content[size:]
    if content:
        released.append(Released.of_chunk(content, first, run.last_event_seq, asked_by))
    return released


def stretch_of(tenant: str, run: Applied) -> Stretch:
    """What the journal keeps of a run."""
    return Stretch(
        tenant, run.first_seq, run.last_seq, run.at_ns, run.commands,
        run.first_event_seq, run.last_event_seq, run.events,
    )  # fmt: skip


def policy_of(tenant: str, run: Applied) -> PolicyRecord | None:
    """The record of the change of policy that ended a run, if one did."""
    if run.policy is None:
        return None
    return PolicyRecord(tenant, run.policy_version, run.last_seq, run.at_ns, run.policy.policy.to_bytes())


def count(run: Applied, seat: Seat, meters: Meters) -> None:
    """Count what a run came to, as of commands that came one by one."""
    for kind, times in enumerate(run.accepted):
        if times:
            meters.accepted[kind] += times
            if kind != CommandKind.TICK:
                seat.commands += times
    for (kind, reason), times in run.refused.items():
        meters.count(kind, reason, times)
        if reason != _DUPLICATE:
            seat.refused += times
