"""Whether everything that the service acknowledged is in its events: the accounts of one process's contacts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from acd.v1.contact_pb2 import END_CAUSE_LOST


@dataclass(slots=True)
class _Entry:
    acknowledged_seq: int = 0
    enqueued_seq: int = 0
    is_closed: bool = False


class Ledger:
    """Contacts from the acknowledgement of their arrival to the event of their end, in whichever order these come.

    Attributes:
        acknowledged: arrivals that the service answered.
        settled: of those, contacts whose events are complete and agree; forgotten, so that the rest stays small.
        disagreements: contacts that arrived, or ended, twice, or under another seq than was acknowledged.
        lost_callers: contacts that ended because no stream came back for them. The users always come back in time.

    Args:
        prefix: how the ids of these contacts begin; events of others are passed over.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._entries: dict[str, _Entry] = {}
        self.acknowledged = 0
        self.settled = 0
        self.disagreements = 0
        self.lost_callers = 0

    def acknowledge(self, contact_id: str, seq: int) -> None:
        """The service answered that it took this contact with this command."""
        entry = self._entries.setdefault(contact_id, _Entry())
        entry.acknowledged_seq = seq
        self.acknowledged += 1
        self._settle(contact_id, entry)

    def take(self, events: Iterable[Any]) -> None:
        """Enter ContactEnqueued and ContactClosed; other events are passed over."""
        for event in events:
            kind = event.WhichOneof("detail")
            if kind == "contact_enqueued":
                contact_id = event.contact_enqueued.contact_id
            elif kind == "contact_closed":
                contact_id = event.contact_closed.contact_id
            else:
                continue
            if not contact_id.startswith(self._prefix):
                continue
            entry = self._entries.setdefault(contact_id, _Entry())
            if kind == "contact_enqueued":
                self.disagreements += bool(entry.enqueued_seq)
                entry.enqueued_seq = entry.enqueued_seq or event.seq
            else:
                self.disagreements += entry.is_closed or not entry.enqueued_seq
                entry.is_closed = True
                self.lost_callers += event.contact_closed.cause == END_CAUSE_LOST
            self._settle(contact_id, entry)

    def _settle(self, contact_id: str, entry: _Entry) -> None:
        if entry.acknowledged_seq and entry.enqueued_seq:
            self.disagreements += entry.acknowledged_seq != entry.enqueued_seq
            if entry.is_closed:
                del self._entries[contact_id]
                self.settled += 1

    def lost(self) -> list[str]:
        """Contacts that were acknowledged and of which no event tells. Ask when all events have been taken."""
        return [name for name, entry in self._entries.items() if entry.acknowledged_seq and not entry.enqueued_seq]

    def live(self) -> list[str]:
        """Contacts that were acknowledged, arrived and have not ended."""
        return [
            name
            for name, entry in self._entries.items()
            if entry.acknowledged_seq and entry.enqueued_seq and not entry.is_closed
        ]
