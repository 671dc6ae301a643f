from typing import final

from acd_core.commands import Command
from acd_core.events import Answer

@final
class CallWriter:
    def record(self, seq: int, at_ns: int, field: int, request: bytes, behind: bytes) -> bytes: ...
    def response(self, command: Command, answer: Answer) -> bytes | None: ...
