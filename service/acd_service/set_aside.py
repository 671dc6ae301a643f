"""Commands that the engine failed on, kept by name where the operator sees them."""

import json
import logging
import os
import re
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from acd_core.commands import CloseQueue, Command, EnqueueContact, OpenQueue, SetAgentAside, SetContactAside
from acd_core.enums import CommandKind, TimerKind
from acd_core.views import Fired
from acd_service.customers.known_contact import EnqueueKnownContact
from acd_service.engine_interface import RoutingEngine

_log = logging.getLogger(__name__)
_SHOWN_MAX: Final = 100


class SetAsideEntry(NamedTuple):
    at_ns: int
    kind: str
    message: str


class Whom(NamedTuple):
    """Whom something is about, by id: for whoever erases a customer."""

    customers: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()


class TimerAbout(NamedTuple):
    """What a timer is about."""

    words: str
    """For the operator."""
    way_past: Command | None
    """What has the engine go on without it; None if there is no contact or agent yet that it is about."""


class SetAside:
    """Appends to a file of JSON lines in the data directory; knows what it has set aside since it was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        """An erasure writes the file anew in a thread of its own: what is added meanwhile must not get lost."""
        self._known: set[tuple[int, int]] = set()
        self.entries: list[SetAsideEntry] = _read(path)

    def add(
        self, command: Command, after_seq: int, at_ns: int, error: BaseException, whom: Whom, about: str = ""
    ) -> None:
        """Set a command aside, which is about `whom`. `about` names what a Tick was doing when it failed."""
        if not about:
            self._known.add((command.kind, command.content_word()))
        kind = CommandKind(command.kind).name
        entry = {
            "kind": kind,
            "command": repr(command),
            "request_id": command.request_id,
            "after_seq": after_seq,
            "at_ns": at_ns,
            "about": about,
            "customers": sorted(whom.customers),
            "contacts": sorted(whom.contacts),
            "error": "".join(traceback.format_exception(error)),
        }
        with self._writing:
            self.entries.append(SetAsideEntry(at_ns, kind, f"{about}: {error!r}" if about else repr(error)))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        _log.critical(
            "the engine failed on %s%s after seq %d; set aside in %s: %r",
            kind,
            f" ({about})" if about else "",
            after_seq,
            self._path,
            error,
        )

    def erase(self, customer_id: str, contact_ids: Iterable[str]) -> None:
        """Drop every entry of this customer, durably: whatever is about it, or about one of these contacts and not said
        to be another's; and whatever the engine failed on with words that name it.

        Args:
            customer_id: may be empty, if it is not known any more.

        Raises:
            OSError: the file is as it was.
        """
        if not self._path.exists():
            return
        contacts = frozenset(contact_ids)
        with self._writing:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
            left = [line for line in lines if not _is_about(line, customer_id, contacts)]
            if len(left) < len(lines):
                self._write_anew(left)

    def _write_anew(self, lines: list[str]) -> None:
        unfinished = self._path.with_suffix(".unfinished")
        with unfinished.open("w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)
        # The new name too has to last: after a power cut the old file would be there again.
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.entries = _read(self._path)

    @property
    def knows_any(self) -> bool:
        """Whether any command is set aside: if none is, no command needs to be compared."""
        return bool(self._known)

    def __contains__(self, command: Command) -> bool:
        """Whether a command of the same content was set aside: trying it again would cost a recovery each time."""
        return bool(self._known) and (command.kind, command.content_word()) in self._known


def _read(path: Path) -> list[SetAsideEntry]:
    """The newest entries of earlier runs; lines that are no entries are passed over."""
    if not path.exists():
        return []
    entries = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_MAX:]:
        try:
            raw = json.loads(line)
            words = [str(raw["about"])] if raw.get("about") else []
            words.append(raw["error"].strip().rpartition("\n")[2])
            entries.append(SetAsideEntry(int(raw["at_ns"]), str(raw["kind"]), ": ".join(words)))
        except (ValueError, KeyError, TypeError, AttributeError):
            _log.warning("%s has a line that is no entry", path)
    return entries


def _is_about(line: str, customer_id: str, contacts: frozenset[str]) -> bool:
    names = {customer_id, *contacts} - {""}
    try:
        raw = json.loads(line)
        customers, about = frozenset(raw["customers"]), frozenset(raw["contacts"])
        # The frames of a traceback, which are set in, have lines of the program and their numbers.
        error = "\n".join(said for said in raw["error"].splitlines() if not said.startswith(" "))
    except (ValueError, KeyError, TypeError, AttributeError):
        # It does not say whom it is about: rather one entry too many than one of the customer's that stays.
        forms = {form for name in names for form in (name, repr(name)[1:-1])}
        return any(json.dumps(form, ensure_ascii=False)[1:-1] in line for form in forms)
    if customer_id in customers or (not customers and about & contacts):
        return True
    return any(
        re.search(rf"(?<!\w){re.escape(form)}(?!\w)", error) for form in (customer_id, repr(customer_id)[1:-1]) if form
    )


def whom_of(command: Command, engine: RoutingEngine) -> Whom:
    """Whom a command is about: what it names, and whose the contacts are that it names.

    Args:
        engine: that has not taken it.
    """
    customers = {str(getattr(command, "customer_id", ""))}
    if isinstance(command, EnqueueKnownContact):
        customers.add(command.sent.customer_id)
    contacts = {str(getattr(command, "contact_id", "")), *getattr(command, "contact_ids", ())} - {""}
    if not isinstance(command, EnqueueContact):  # which may be of an id that was used before
        views = map(engine.contact, contacts)
        customers |= {view.customer_id for view in views if view is not None}
    return Whom(frozenset(customers - {""}), frozenset(contacts))


def about_timer(fired: Fired | None, engine: RoutingEngine) -> TimerAbout:
    """What a timer is about that another engine failed on; this one was made anew from the journal."""
    if fired is None:
        return TimerAbout("no timer", None)
    words = [TimerKind(fired.kind).name]
    way_past: Command | None = None
    if fired.agent_ordinal >= 0:
        agents, _, _ = engine.agents_from(fired.agent_ordinal, -1, 1, 1)
        there = bool(agents) and agents[0].ordinal == fired.agent_ordinal
        agent_id = agents[0].spec.agent_id if there else "?"
        words.append(f"of agent {agent_id!r}")
        way_past = SetAgentAside(agent_id) if there else None
    if fired.contact_ordinal >= 0:
        contacts, _, _ = engine.contacts_from(fired.contact_ordinal, -1, 1, 1)
        there = bool(contacts) and contacts[0].ordinal == fired.contact_ordinal
        contact_id = contacts[0].contact_id if there else "?"
        words.insert(1, f"of contact {contact_id!r}")
        way_past = SetContactAside(contact_id) if there else None
    return TimerAbout(" ".join(words), way_past)


def about_opening(command: OpenQueue | CloseQueue) -> str:
    """What a command of a calendar is about, for the operator."""
    return f"queue {command.queue_id!r} {'opens' if isinstance(command, OpenQueue) else 'closes'} by its calendar"
