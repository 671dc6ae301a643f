"""Batches of commands, from the bytes of a DispatchRequest to those of its results and of what the journal keeps.

`apply_batch` is the compiled form for the compiled engine and the plain one for any other; both give the same.
"""

from acd_service.batches.applying import apply_batch
from acd_service.batches.batch import COMMANDS_MAX, Applied, Batch, BatchFailed, Permit, read_batch, response_of
from acd_service.batches.compiled import apply_calls

__all__ = [
    "COMMANDS_MAX", "Applied", "Batch", "BatchFailed", "Permit", "apply_batch", "apply_calls", "read_batch",
    "response_of",
]  # fmt: skip
