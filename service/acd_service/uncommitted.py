"""What one transaction will hold, as it grows while a batch is applied."""

from dataclasses import dataclass, field
from typing import Final

from acd_core.commands import ApplyPolicy, Command
from acd_core.events import Answer
from acd_service import codec
from acd_service.batch_taken import policy_of, stretch_of
from acd_service.batches import Applied
from acd_service.codec.call_writer import CallWriter
from acd_service.codec.chunks import command_chunk, event_chunk, joined_command_chunks
from acd_service.codec.sent import SentCommand
from acd_service.journal import Batch, CommandRecord, EventRecord, PolicyRecord, Stretch
from acd_service.seat import Released, Seat
from acd_service.series import Kept

CHUNK_COMMANDS_MIN: Final = 4
"""So many commands of a tenant in one commit are kept as one piece: two rows in place of some for each command. Fewer
are kept row by row, where any SQL tool shows them.
"""
JOINED_COMMANDS_MAX: Final = 1_024
"""What follows on in one commit is kept in one piece, up to so many commands: a row costs the thread that commits more
than some kilobytes do, but who looks for one event has to read a whole piece.
"""
_writer: Final = CallWriter()


@dataclass(slots=True)
class _Lines:
    """Commands of one tenant that follow each other, with their events."""

    contents: list[bytes] = field(default_factory=list)
    """The records of the commands."""
    hashes: list[int] = field(default_factory=list)
    numbers: list[tuple[int, int]] = field(default_factory=list)
    """The seq of each command, and its time."""
    events: list[Released] = field(default_factory=list)


class Uncommitted:
    """Commands and events that are applied and not yet durable.

    Attributes:
        ticked: the events of ticks that no caller asked for, by seat.
        touched: whose engines were asked to do something, in that order: what follows on a commit is no matter of where
            the system put things in memory.
    """

    def __init__(self) -> None:
        self._lines: dict[str, _Lines] = {}
        self._before: list[tuple[str, _Lines]] = []
        self._stretches: list[Stretch] = []
        self._policies: list[PolicyRecord] = []
        self.ticked: list[tuple[Seat, list[Released]]] = []
        self.touched: dict[Seat, None] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self._lines or self._stretches)

    def record(
        self, seat: Seat, command: Command, answer: Answer, asked_by: str = "", sent: SentCommand | None = None
    ) -> list[Released]:
        """Put a command that its seat's engine has just taken, and the events that it caused.

        Args:
            asked_by: whose call it was; empty if nobody is known.
            sent: the command as it came, if it came as bytes that can be kept as they are.

        Returns:
            The events, to be released when they are durable.
        """
        tenant, seq, at_ns = seat.tenant, answer.seq, answer.at_ns
        who = codec.asked_by_field(asked_by) if asked_by else b""
        if sent is not None:
            content = _writer.record(seq, at_ns, sent.field, sent.content, who)
        else:
            content = codec.encode_record(seq, at_ns, command) + who
        lines = self._lines.get(tenant)
        if lines is None:
            lines = self._lines[tenant] = _Lines()
        lines.contents.append(content)
        lines.hashes.append(seat.engine.event_hash)
        lines.numbers.append((seq, at_ns))
        released = [Released(event, codec.encode_event(event) + who, asked_by) for event in answer.events]
        lines.events += released
        if isinstance(command, ApplyPolicy):
            policy = command.policy.to_bytes()
            self._policies.append(PolicyRecord(tenant, answer.policy_version, seq, at_ns, policy))
        return released

    def keep(self, seat: Seat, kept: Kept) -> None:
        """Put bytes behind the record of a command that was just put."""
        lines = self._lines[seat.tenant]
        place = kept.seq - lines.numbers[0][0]
        lines.contents[place] += kept.content

    def put_run(self, seat: Seat, run: Applied) -> None:
        """Put the commands that were accepted in a run of a batch, with their events."""
        lines = self._lines.pop(seat.tenant, None)
        if lines is not None:
            self._before.append((seat.tenant, lines))
        self._stretches.append(stretch_of(seat.tenant, run))
        policy = policy_of(seat.tenant, run)
        if policy is not None:
            self._policies.append(policy)

    def batch(self) -> Batch:
        """All of it, for the journal."""
        commands: list[CommandRecord] = []
        events: list[EventRecord] = []
        stretches = list(self._stretches)
        for tenant, lines in (*self._before, *self._lines.items()):
            if len(lines.contents) < CHUNK_COMMANDS_MIN:
                commands += [
                    CommandRecord(tenant, seq, at_ns, event_hash, content)
                    for (seq, at_ns), event_hash, content in zip(
                        lines.numbers, lines.hashes, lines.contents, strict=True
                    )
                ]
                events += [
                    EventRecord(tenant, each.event.event_seq, each.event.seq, each.content) for each in lines.events
                ]
            else:
                stretches.append(_stretch(tenant, lines))
        return Batch(commands, events, self._policies, stretches if len(stretches) < 2 else _joined(stretches))


def _stretch(tenant: str, lines: _Lines) -> Stretch:
    events = lines.events
    last_seq, last_at_ns = lines.numbers[-1]
    return Stretch(
        tenant,
        lines.numbers[0][0],
        last_seq,
        last_at_ns,
        command_chunk(lines.contents, lines.hashes),
        events[0].event.event_seq if events else 0,
        events[-1].event.event_seq if events else 0,
        event_chunk([each.content for each in events]) if events else b"",
    )


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """The same in fewer pieces, in order."""
    joined: list[Stretch] = []
    some: list[Stretch] = []
    for stretch in sorted(stretches, key=_place):
        if some and (
            (stretch.tenant, stretch.first_seq) != (some[0].tenant, some[-1].last_seq + 1)
            or stretch.last_seq - some[0].first_seq >= JOINED_COMMANDS_MAX
        ):
            joined.append(_one_of(some))
            some = []
        some.append(stretch)
    joined.append(_one_of(some))
    return joined


def _place(stretch: Stretch) -> tuple[str, int]:
    return stretch.tenant, stretch.first_seq


def _one_of(some: list[Stretch]) -> Stretch:
    """The one piece of pieces that follow each other."""
    if len(some) == 1:
        return some[0]
    with_events = [stretch for stretch in some if stretch.events]
    return Stretch(
        some[0].tenant,
        some[0].first_seq,
        some[-1].last_seq,
        some[-1].last_at_ns,
        joined_command_chunks(
            [stretch.commands for stretch in some],
            [stretch.last_seq - stretch.first_seq + 1 for stretch in some],
        ),
        with_events[0].first_event_seq if with_events else 0,
        with_events[-1].last_event_seq if with_events else 0,
        b"".join(stretch.events for stretch in with_events),
    )
