"""What of a tenant's record is one customer's, and each record without it."""

from typing import Any, Final, NamedTuple

from acd.v1.command_pb2 import Command
from acd.v1.event_pb2 import Event
from acd.v1.journal_pb2 import CommandRecord
from acd_core.limits import FORGOTTEN_ADDRESS
from acd_service.codec.values import varint

_MARK_OF_COMMAND: Final = bytes([CommandRecord.FORGOTTEN_BY_SEQ_FIELD_NUMBER << 3])
_MARK_OF_EVENT: Final = bytes([Event.FORGOTTEN_BY_SEQ_FIELD_NUMBER << 3])
_ENQUEUES: Final = ("enqueue_contact", "enqueue_attached_contact", "enqueue_known_contact")


class Theirs:
    """Goes through commands and events, each in order, and knows from them which contacts are the customer's. The two
    may be apart from each other: in a journal that was brought in from elsewhere, events lie before or behind their
    commands.

    Attributes:
        contacts: all that were found to be the customer's, in order.
        from_seq: the first command with anything of the customer's in it or in its events; 0 if there is none yet.
        commands, events: how many had something of the customer's in them, also those that were replaced before.
    """

    def __init__(self, customer_id: str, seq: int = 0) -> None:
        """Args:
        customer_id: whose; may be empty if all that tells of it was replaced before.
        seq: of the command by which the customer was forgotten. What is replaced is marked with it, so that an erasure
            that goes on knows what was replaced before. 0: nothing is to be replaced.
        """
        self._customer_id = customer_id
        self._seq = seq
        self._marks = tuple(tag + varint(seq) for tag in (_MARK_OF_COMMAND, _MARK_OF_EVENT)) if seq else ()
        self.contacts: dict[str, None] = {}
        self.from_seq = 0
        self.commands = 0
        self.events = 0
        self._in_commands: dict[str, int] = {}
        """Contacts whose later commands are the customer's, each with the command that it came with."""
        self._in_events: dict[str, bool] = {}
        """Contacts whose later events are; whether the segment that was open has been closed."""
        self._last_seq = 0

    def concerns(self, content: bytes) -> bool:
        """Whether these records may have something of the customer's: others need not be looked at one by one."""
        names = {self._customer_id, *self._in_commands, *self._in_events} - {""}
        return any(name.encode() in content for name in names) or any(mark in content for mark in self._marks)

    def passed(self, seq: int) -> None:
        """All commands up to this one have been gone through."""
        self._last_seq = max(self._last_seq, seq)

    def command(self, content: bytes) -> bytes | None:
        """The `acd.v1.CommandRecord` without what is the customer's; None if it stays as it is."""
        record = CommandRecord.FromString(content)
        is_marked = self._is_marked(record)
        is_theirs = self._clean(record.command, record.seq, is_marked)
        if not is_theirs and not is_marked:
            return None
        self.commands += 1
        self._found(record.seq)
        return self._marked(record) if is_theirs else None

    def event(self, content: bytes) -> bytes | None:
        """As `command`, of an `acd.v1.Event`."""
        event = Event.FromString(content)
        is_marked = self._is_marked(event)
        is_theirs = self._clean_event(event, is_marked)
        if not is_theirs and not is_marked:
            return None
        self.events += 1
        self._found(event.seq)
        return self._marked(event) if is_theirs else None

    def _is_marked(self, record: CommandRecord | Event) -> bool:
        return bool(self._seq) and record.forgotten_by_seq == self._seq

    def _marked(self, record: CommandRecord | Event) -> bytes:
        record.forgotten_by_seq = self._seq
        return record.SerializeToString()

    def _found(self, seq: int) -> None:
        self.from_seq = min(self.from_seq or seq, seq)

    def _clean(self, command: Command, seq: int, is_marked: bool) -> bool:
        which = command.WhichOneof("command") or ""
        if which in _ENQUEUES:
            return self._clean_enqueue(command, which, seq, is_marked)
        if which == "forget_customer" and self._is_theirs(command.forget_customer.customer_id):
            command.forget_customer.customer_id = ""
            return True
        if which == "update_contact" and command.update_contact.contact_id in self._in_commands:
            had = bool(command.update_contact.attributes.values)
            if had:
                command.update_contact.attributes.ClearField("values")
            return had
        if which == "request_callback" and command.request_callback.contact_id in self._in_commands:
            return _without_address(command.request_callback.callback)
        return False

    def _clean_enqueue(self, command: Command, which: str, seq: int, is_marked: bool) -> bool:
        known = which == "enqueue_known_contact"
        request: Any = command.enqueue_known_contact.request if known else getattr(command, which)
        looked_up = command.enqueue_known_contact.customer.customer_id if known else ""
        if not is_marked and not self._is_theirs(looked_up or request.customer_id):
            self._in_commands.pop(request.contact_id, None)  # another's now
            return False
        if request.contact_id:
            self._in_commands[request.contact_id] = seq
            self.contacts[request.contact_id] = None
        before = command.ByteSize()
        if known:
            command.enqueue_known_contact.ClearField("customer")
        for field in ("customer_id", "customer_address", "attributes"):
            request.ClearField(field)
        had_address = request.HasField("callback") and _without_address(request.callback)
        return had_address or command.ByteSize() < before

    def _is_theirs(self, customer_id: str) -> bool:
        return bool(customer_id) and customer_id == self._customer_id

    def _clean_event(self, event: Event, is_marked: bool) -> bool:
        which = event.WhichOneof("detail") or ""
        detail: Any = getattr(event, which, None)
        contact_id = getattr(detail, "contact_id", "")
        if which == "contact_enqueued":
            if not is_marked and not self._is_theirs(detail.customer_id):
                self._in_events.pop(contact_id, None)
                return False
            self._in_events[contact_id] = False
            self._in_commands.setdefault(contact_id, event.seq)
            self.contacts[contact_id] = None
            before = detail.ByteSize()
            detail.ClearField("customer_id")
            detail.ClearField("attributes")
            return bool(detail.ByteSize() < before)
        if contact_id not in self._in_events:
            return False
        if which == "contact_updated" and detail.attributes:
            detail.ClearField("attributes")
            return True
        if which == "callback_set":
            return _without_address(detail)
        if which == "contact_closed":
            self._in_events[contact_id] = True
        elif which == "segment_opened":
            self._in_events[contact_id] = False
        elif which == "customer_forgotten":
            self._over(contact_id, event.seq)
        return False

    def forget_closed(self, seq: int) -> None:
        """All events of the commands up to this one have been gone through: what is closed now is over."""
        for contact_id in [contact_id for contact_id, is_closed in self._in_events.items() if is_closed]:
            self._over(contact_id, seq)

    def _over(self, contact_id: str, seq: int) -> None:
        del self._in_events[contact_id]
        # Commands about it may still come where they lie behind their events, or be of its next life.
        if self._last_seq >= seq and self._in_commands.get(contact_id, seq + 1) <= seq:
            del self._in_commands[contact_id]


class Forgotten(NamedTuple):
    """What the record of a `ForgetCustomer` says."""

    customer_id: str
    """Empty if the record was erased."""
    asked_by: str


def forgotten_in(content: bytes) -> Forgotten | None:
    """Of an `acd.v1.CommandRecord`; None if it is of another command."""
    record = CommandRecord.FromString(content)
    if record.command.WhichOneof("command") != "forget_customer":
        return None
    command = record.command.forget_customer
    return Forgotten(command.customer_id, record.asked_by)


def _without_address(holder: Any) -> bool:
    """Of a Callback, or what tells of one: it stays a callback."""
    had = holder.address not in ("", FORGOTTEN_ADDRESS)
    if had:
        holder.address = FORGOTTEN_ADDRESS
    return had
