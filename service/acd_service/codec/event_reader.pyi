from typing import final

from acd_core.events import Event

@final
class EventReader:
    def event(self, content: bytes) -> Event | None: ...
