"""Commands that the engine failed on, kept by name where the operator sees them."""

import json
import logging
import traceback
from pathlib import Path
from typing import Final, NamedTuple

from acd_core.commands import Command
from acd_core.enums import CommandKind, TimerKind
from acd_core.snapshot import decode
from acd_service.engine_interface import RoutingEngine

_log = logging.getLogger(__name__)
_SHOWN_MAX: Final = 100


class SetAsideEntry(NamedTuple):
    at_ns: int
    kind: str
    message: str


class SetAside:
    """Appends to a file of JSON lines in the data directory; knows what it has set aside since it was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: set[tuple[int, int]] = set()
        self.entries: list[SetAsideEntry] = _read(path)

    def add(self, command: Command, after_seq: int, at_ns: int, error: BaseException, about: str = "") -> None:
        """Set a command aside. `about` names what a Tick was doing when it failed."""
        self._known.add((command.kind, command.content_word()))
        kind = CommandKind(command.kind).name
        entry = {
            "kind": kind,
            "command": repr(command),
            "request_id": command.request_id,
            "after_seq": after_seq,
            "at_ns": at_ns,
            "about": about,
            "error": "".join(traceback.format_exception(error)),
        }
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
            last_line = raw["error"].strip().rpartition("\n")[2]
            entries.append(SetAsideEntry(int(raw["at_ns"]), str(raw["kind"]), last_line))
        except (ValueError, KeyError, TypeError, AttributeError):
            _log.warning("%s has a line that is no entry", path)
    return entries


def name_of_first_timer(engine: RoutingEngine) -> str:
    """What the earliest timer is about, in words; for the operator, when the engine fails on it."""
    state = decode(engine.snapshot())
    if not state["timers"]:
        return "no timer"
    timer = state["timers"][0]
    contacts = {contact["ordinal"]: contact["contact_id"] for contact in state["contacts"]}
    agents = {agent["ordinal"]: agent["agent_id"] for agent in state["agents"]}
    words = [TimerKind(timer["kind"]).name]
    if timer["contact_ordinal"] >= 0:
        words.append(f"of contact {contacts.get(timer['contact_ordinal'], '?')!r}")
    if timer["agent_ordinal"] >= 0:
        words.append(f"of agent {agents.get(timer['agent_ordinal'], '?')!r}")
    return " ".join(words)
