from typing import final

from acd_core.commands import Command

@final
class CommandReader:
    def command(self, content: bytes) -> Command | None: ...
    def request(self, number: int, content: bytes) -> Command | None: ...
