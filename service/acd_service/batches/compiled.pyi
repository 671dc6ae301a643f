from collections.abc import Callable

from acd_core.engine import Engine
from acd_service.batches.batch import Applied, Batch, Permit
from acd_service.codec.sent import SentCommand
from acd_service.set_aside import SetAside

def apply_compiled(
    engine: Engine,
    at_ns: int,
    batch: Batch,
    start: int,
    status_of: Callable[[Exception], bytes],
    permit: Permit | None,
    set_aside: SetAside | None,
    asked_by: bytes,
) -> Applied: ...
def apply_calls(
    engine: Engine, at_ns: int, calls: list[SentCommand], start: int, asked_by: bytes
) -> tuple[Applied, list[bytes | Exception], tuple[int, int]]: ...
