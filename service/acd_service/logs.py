"""Log lines on standard error, for people or as JSON, without customers' data unless an operator asks for it.

Contacts, agents, queues and requests are named by their ids: an incident cannot be followed without. Customers,
attributes, callback addresses and texts that may quote them are not written. That includes the messages of exceptions
that are not known to be free of such texts: of those only the type and the stack are logged.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import apsw
import orjson

from acd_core.commands import Command
from acd_core.enums import CommandKind
from acd_core.refusal import Refused
from acd_service import journal, service_error
from acd_service.config import BadConfig
from acd_service.data_dir import DataDirInUse
from acd_service.log_fields import facts
from acd_service.observe_settings import LogSettings
from acd_service.observer import BatchTimes, Passing
from acd_service.snapshot_schedule import SnapshotFailed

_log = logging.getLogger(__name__)
WITHHELD: Final = "(its message is withheld: log.customer_data is off)"
_PLAIN_ERRORS: Final = (
    OSError, apsw.Error, BadConfig, DataDirInUse, SnapshotFailed, journal.JournalMissing, journal.JournalForeign,
    journal.JournalDamaged, journal.JournalWriteFailed, service_error.Overloaded, service_error.Stopping,
    service_error.DeadlinePassed, service_error.CommandSetAside, service_error.EventsNoLongerKept,
    service_error.EventSeqAhead, service_error.ReaderTooSlow, service_error.FiguresNotReady,
)  # fmt: skip
"""Errors whose messages quote nothing that a caller sent."""


class LinesFormatter(logging.Formatter):
    """One line a record, stacks below it."""

    def __init__(self, settings: LogSettings) -> None:
        super().__init__()
        self._tells_all = settings.customer_data

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        words = [at, record.levelname, f"{record.name}:", self.message_of(record)]
        words += [f"{name}={_plain(value)}" for name, value in self.facts_of(record)]
        line = _one_line(" ".join(words))
        stack = self.stack_of(record)
        return f"{line}\n{stack}" if stack else line

    def message_of(self, record: logging.LogRecord) -> str:
        """The message, with what may not be told of exceptions left out."""
        if not isinstance(record.args, tuple) or self._tells_all:
            return record.getMessage()
        shown = tuple(self._told(value) if isinstance(value, BaseException) else value for value in record.args)
        return str(record.msg) % shown if shown else str(record.msg)

    def facts_of(self, record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
        yield from getattr(record, "facts", {}).items()
        if self._tells_all:
            yield from getattr(record, "private_facts", {}).items()

    def stack_of(self, record: logging.LogRecord) -> str:
        """The stacks of an exception and of those that led to it, the first first."""
        error = record.exc_info[1] if record.exc_info else None
        parts: list[str] = []
        while error is not None and len(parts) < 10:
            parts.insert(0, "".join(traceback.format_tb(error.__traceback__)) + self._told(error, with_type=True))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nthen\n".join(parts)

    def _told(self, error: BaseException, *, with_type: bool = False) -> str:
        kind = type(error).__name__
        if isinstance(error, Refused) and not self._tells_all:
            return f"{kind}: {error.reason.value} {error.field}".rstrip()
        if self._tells_all or isinstance(error, _PLAIN_ERRORS):
            return f"{kind}: {error}" if with_type else str(error)
        return f"{kind} {WITHHELD}"


class JsonFormatter(LinesFormatter):
    """One JSON object a line: `at`, `level`, `logger`, `message`, then the facts, and `stack`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        content = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message_of(record),
        }
        content |= {name: value for name, value in self.facts_of(record) if name not in content}
        stack = self.stack_of(record)
        if stack:
            content["stack"] = stack
        try:
            return orjson.dumps(content, default=str).decode()
        except TypeError:  # numbers beyond 64 bits, texts that are no Unicode: slower, and never lost
            return json.dumps(content, default=str)


def set_up(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Log as the settings say, on standard error, in place of whatever was set up before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(settings) if settings.format == "json" else LinesFormatter(settings))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.level.upper())


class CommandLog:
    """A line for each command that came through, at level `debug`: an observer of the sequencer."""

    def arrived(self, command: Command) -> object:  # noqa: ARG002 - a batch's times say enough
        return None

    def released(self, batch: Sequence[Passing], times: BatchTimes) -> None:
        batch_us = (times.committed_ns - times.began_ns) // 1_000
        for taken in batch:
            command, answer = taken.command, taken.answer
            named = {
                name: getattr(command, name, None) for name in ("request_id", "contact_id", "agent_id", "queue_id")
            }
            named |= {"kind": CommandKind(command.kind).name, "asked_by": taken.asked_by}
            if answer is not None:
                word = "duplicate" if answer.duplicate else "committed"
                _log.debug(word, extra=facts(tenant=taken.tenant, seq=answer.seq, batch_us=batch_us, **named))
            elif taken.error is not None:
                _log.debug("refused", extra=facts(tenant=taken.tenant, reason=_reason_of(taken.error), **named))
            else:
                _log.debug("its caller had gone before it was applied", extra=facts(tenant=taken.tenant, **named))


def _reason_of(error: BaseException) -> str:
    return error.reason.value if isinstance(error, Refused) else type(error).__name__


def _plain(value: object) -> str:
    text = str(value)
    return text if text and text.isprintable() and " " not in text and "=" not in text else repr(text)


def _one_line(text: str) -> str:
    """Whoever chooses an id must not be able to write log lines of their own."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
