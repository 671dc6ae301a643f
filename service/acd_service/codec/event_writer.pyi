from typing import final

from acd_core.events import Event

@final
class EventWriter:
    def event(self, event: Event) -> bytes | None: ...
