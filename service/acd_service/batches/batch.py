"""What a batch is before it is applied, and what it came to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from acd_core.commands import ApplyPolicy, Command
from acd_core.refusal import Reason, Refused
from acd_service.batches.framing import Frame, frame
from acd_service.codec.batches import canonical_request
from acd_service.codec.values import varint
from acd_service.service_error import CommandSetAside, PermissionDenied

COMMANDS_MAX: Final = 4_096
"""Commands of one batch: bounds how long it keeps others waiting, and the size of what is stored of it."""


_REASONS: Final[Mapping[type[Exception], str]] = {
    CommandSetAside: "SET_ASIDE",
    PermissionDenied: "PERMISSION_DENIED",
}


class Permit(NamedTuple):
    """Which commands of a batch its sender may give. None in its place: all."""

    granted: int
    """Bit set: fields of `acd.v1.Command` that need no further look."""
    check: Callable[[bytes], None]
    """Looks at any other command; raises what its sender is to be told."""


@dataclass(slots=True, eq=False)
class Batch:
    """A request taken apart as far as its commands, which are not looked at yet.

    Attributes:
        known: commands that were made before (who is calling was looked up), by their place; why others were refused
            then; and of what was done then, as it is no matter of the engine's, the `acd.v1.CommandResult`.
    """

    frame: Frame
    known: Mapping[int, Command | Exception | bytes]

    def __len__(self) -> int:
        return len(self.frame)


class Applied(NamedTuple):
    """What applying the commands of a batch from some place on came to. Times are nanoseconds since the Unix epoch.

    Attributes:
        after: the place of the first command that was not applied; a change of policy ends a run, since the times at
            which queues open and close may be others then.
        results: the `results` of a DispatchResponse, encoded; from place 0 on behind the `batch_id`, so that what one
            run came to is a whole response.
        commands: an `acd.v1.CommandChunk`; empty if none was accepted.
        first_seq, last_seq: of those commands.
        events: an `acd.v1.EventChunk`; empty if there were none.
        first_event_seq, last_event_seq: of those events.
        accepted: how many commands were, by CommandKind; ticks that fell due between them too.
        refused: how many were not, by CommandKind (0: none that could be read) and reason.
        policy: the change of policy that ended the run.
    """

    after: int
    at_ns: int
    results: bytes
    commands: bytes
    first_seq: int
    last_seq: int
    event_hash: int
    events: bytes
    first_event_seq: int
    last_event_seq: int
    accepted: Sequence[int]
    refused: Mapping[tuple[int, str], int]
    policy: ApplyPolicy | None
    policy_version: int


class BatchFailed(Exception):
    """The engine failed on a command; what it did in this batch is not to be trusted. The cause is chained.

    Attributes:
        place: of the command in its batch; -1 for a Tick that was due before it.
    """

    def __init__(self, place: int, command: Command, at_ns: int, error: Exception) -> None:
        what = f"command {place}" if place >= 0 else "a tick"
        super().__init__(f"the engine failed on {what}, {type(command).__name__}: {error!r}")
        self.place = place
        self.command = command
        self.at_ns = at_ns
        self.error = error


def reason_of(error: Exception) -> str:
    """What a command that was not taken is counted under."""
    if isinstance(error, Refused):
        return error.reason.value
    return _REASONS.get(type(error), "INTERNAL")


def read_batch(content: bytes) -> Batch:
    """Take the bytes of an `acd.v1.DispatchRequest` apart.

    Raises:
        Refused: INVALID_VALUE if it is none, EMPTY or TOO_MANY (field `commands`) by the number of its commands.
    """
    found = frame(content)
    if found is None:
        found = frame(canonical_request(content))
        if found is None:
            raise Refused(Reason.INVALID_VALUE, "", "not a valid acd.v1.DispatchRequest")
    if not len(found):
        raise Refused(Reason.EMPTY, "commands", "a batch has at least one command")
    if len(found) > COMMANDS_MAX:
        text = f"{len(found)} commands are more than the {COMMANDS_MAX} allowed in a batch"
        raise Refused(Reason.TOO_MANY, "commands", text)
    return Batch(found, {})


def response_of(runs: Sequence[Applied]) -> bytes:
    """The bytes of the `acd.v1.DispatchResponse` for a batch that was applied in these runs."""
    return runs[0].results if len(runs) == 1 else b"".join([run.results for run in runs])


def head_of(batch: Batch) -> bytes:
    """What comes before the results in an `acd.v1.DispatchResponse`."""
    number = batch.frame.batch_id
    return b"\x08" + varint(number) if number else b""
