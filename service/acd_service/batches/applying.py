"""Applies batches to whichever engine there is."""

from collections.abc import Callable

from acd_core.engine import Engine
from acd_service.batches.batch import Applied, Batch, Permit
from acd_service.batches.compiled import apply_compiled
from acd_service.batches.plain import apply_plain
from acd_service.engine_interface import RoutingEngine
from acd_service.errors import status_of
from acd_service.set_aside import SetAside


def _status_bytes(error: Exception) -> bytes:
    content: bytes = status_of(error).SerializeToString()
    return content


def apply_batch(
    engine: RoutingEngine,
    at_ns: int,
    batch: Batch,
    start: int = 0,
    *,
    permit: Permit | None = None,
    set_aside: SetAside | None = None,
    asked_by: bytes = b"",
    error_status: Callable[[Exception], bytes] = _status_bytes,
    plainly: bool = False,
) -> Applied:
    """Apply the commands of a batch from `start` on, all at the time `at_ns` (nanoseconds since the Unix epoch).

    To measure an engine, or to use one in a process of one's own:

        batch = read_batch(content)               # the bytes of an acd.v1.DispatchRequest
        applied = apply_batch(engine, at_ns, batch)
        applied.results                           # an acd.v1.DispatchResponse, encoded
        applied.commands, applied.events          # what a journal keeps

    `codec.batches.dispatch_request` makes such bytes from commands. A timer that is due goes first, as a Tick of its
    own. A command that is refused is answered so and does not keep the others from being taken. The run ends early
    after a change of policy: go on at `applied.after`.

    Args:
        permit: what the sender may give; None: everything.
        set_aside: commands that are not tried again; None: there are none.
        asked_by: put behind each record and event (`codec.asked_by_field`).
        error_status: the bytes of the `google.rpc.Status` that tells why a command was not taken.
        plainly: one command after the other by plain code, so that other threads get their turns. The compiled form has
            room of its own that all batches write in: it runs in one thread, and through to the end.

    Raises:
        BatchFailed: the engine failed; it has to be thrown away.
        Refused: OUT_OF_RANGE, field `at`.
    """
    if type(engine) is Engine and not plainly:
        return apply_compiled(engine, at_ns, batch, start, error_status, permit, set_aside, asked_by)
    return apply_plain(engine, at_ns, batch, start, error_status, permit, set_aside, asked_by)
