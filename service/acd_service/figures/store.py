"""Where the figures are kept: a SQLite file beside the journal. It holds nothing that cannot be made again.

Everything that a number of events changed is written in one transaction with the number of the last of them, so that
the file is always in step with the event stream. Commits are not synced: what a power cut takes is counted again.
"""

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import apsw

from acd_service.figures import counter_rows
from acd_service.figures.counting import FiguresCounter
from acd_service.figures.counts import COLUMNS, SUMS, AgentFigures, QueueCounts, QueueKey

APPLICATION_ID: Final = 0x41434446
"""`ACDF`, in the file's header."""
FORMAT_VERSION: Final = 1

_SCHEMA: Final = f"""
CREATE TABLE progress (
    tenant TEXT PRIMARY KEY, event_seq INTEGER NOT NULL, event_checksum INTEGER NOT NULL,
    policy_version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE queue_intervals (
    tenant TEXT NOT NULL, queue_id TEXT NOT NULL, channel_id TEXT NOT NULL, start_ns INTEGER NOT NULL,
    {", ".join(f"{name} INTEGER NOT NULL" for name in COLUMNS)},
    PRIMARY KEY (tenant, queue_id, channel_id, start_ns)) WITHOUT ROWID;
CREATE INDEX queue_intervals_by_age ON queue_intervals (tenant, start_ns);
CREATE TABLE agent_sessions (
    tenant TEXT NOT NULL, agent_id TEXT NOT NULL, signed_on_ns INTEGER NOT NULL, signed_off_ns INTEGER NOT NULL,
    ready_ns INTEGER NOT NULL, away_ns INTEGER NOT NULL, talk_ns INTEGER NOT NULL, held_ns INTEGER NOT NULL,
    wrap_up_ns INTEGER NOT NULL, contacts INTEGER NOT NULL, misses INTEGER NOT NULL,
    PRIMARY KEY (tenant, agent_id, signed_on_ns)) WITHOUT ROWID;
CREATE INDEX agent_sessions_by_age ON agent_sessions (tenant, signed_off_ns);
CREATE TABLE agent_away (
    tenant TEXT NOT NULL, agent_id TEXT NOT NULL, signed_on_ns INTEGER NOT NULL, reason TEXT NOT NULL,
    away_ns INTEGER NOT NULL, PRIMARY KEY (tenant, agent_id, signed_on_ns, reason)) WITHOUT ROWID;
CREATE TABLE open_contacts (
    tenant TEXT NOT NULL, contact_id TEXT NOT NULL, queue_id TEXT NOT NULL, channel_id TEXT NOT NULL,
    agent_id TEXT NOT NULL, held_since_ns INTEGER NOT NULL, held_ns INTEGER NOT NULL, completed_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, contact_id)) WITHOUT ROWID;
CREATE TABLE agents_now (
    tenant TEXT NOT NULL, agent_id TEXT NOT NULL, presence INTEGER NOT NULL, reason TEXT NOT NULL,
    active INTEGER NOT NULL, wrap_ups INTEGER NOT NULL, held INTEGER NOT NULL, since_ns INTEGER NOT NULL,
    signed_on_ns INTEGER, PRIMARY KEY (tenant, agent_id)) WITHOUT ROWID;
"""
_TABLES: Final = (
    "progress", "queue_intervals", "agent_sessions", "agent_away", "open_contacts", "agents_now",
)  # fmt: skip
_SESSION: Final = (
    "agent_id", "signed_on_ns", "signed_off_ns", "ready_ns", "away_ns", "talk_ns", "held_ns", "wrap_up_ns",
    "contacts", "misses",
)  # fmt: skip
_CONTACT: Final = ("queue_id", "channel_id", "agent_id", "held_since_ns", "held_ns", "completed_ns")

_ROWS_A_STATEMENT_MAX: Final = 64
_ROWS_AT_ONCE: Final = 1_024
"""Changes that are made into objects at a time, which keeps the interpreter for about a millisecond."""


class _Replace:
    """Puts rows into a table.

    Attributes:
        by_rows: the statement for a number of rows, a power of two.
    """

    def __init__(self, table: str, columns: int) -> None:
        row = f"({','.join('?' * columns)})"
        counts = [1 << power for power in range(_ROWS_A_STATEMENT_MAX.bit_length())]
        self.columns: Final = columns
        self.by_rows: Final = {n: f"REPLACE INTO {table} VALUES {','.join([row] * n)}" for n in counts}  # noqa: S608


_INTERVALS: Final = _Replace("queue_intervals", 4 + len(COLUMNS))
_CONTACTS: Final = _Replace("open_contacts", 2 + len(_CONTACT))
_SESSIONS: Final = _Replace("agent_sessions", 1 + len(_SESSION))
_AWAY: Final = _Replace("agent_away", 5)
_AGENTS: Final = _Replace("agents_now", 9)
_PROGRESS: Final = _Replace("progress", 4)

_FORGET_PRESENT: Final = """
DELETE FROM open_contacts WHERE tenant = :tenant;
DELETE FROM agents_now WHERE tenant = :tenant;
DELETE FROM agent_away WHERE tenant = :tenant AND (agent_id, signed_on_ns) IN
    (SELECT agent_id, signed_on_ns FROM agent_sessions WHERE tenant = :tenant AND signed_off_ns = 0);
DELETE FROM agent_sessions WHERE tenant = :tenant AND signed_off_ns = 0;
UPDATE queue_intervals AS q SET waiting = 0 WHERE tenant = :tenant AND waiting > 0 AND NOT EXISTS
    (SELECT 1 FROM queue_intervals l WHERE l.tenant = :tenant AND l.queue_id = q.queue_id
     AND l.channel_id = q.channel_id AND l.start_ns > q.start_ns);
"""


class Progress(NamedTuple):
    """How far the figures have come."""

    event_seq: int
    event_checksum: int
    """Of the last event's bytes: figures made from another journal are recognised by it."""
    policy_version: int


class StatsRow(NamedTuple):
    """Counts of a queue and channel from `start_ns` until `end_ns`."""

    key: QueueKey
    start_ns: int
    end_ns: int
    counts: QueueCounts


def checksum_of(content: bytes) -> int:
    return zlib.crc32(content)


class FiguresStore:
    """The figures of one tenant. One connection, used from one thread at a time."""

    def __init__(self, connection: apsw.Connection, tenant: str) -> None:
        self._connection = connection
        self._tenant = tenant

    @classmethod
    def open(cls, path: Path, tenant: str, *, anew: bool = False) -> Self:
        """Open the file; one that is damaged, foreign or of another format is made anew, since nothing is lost by it.

        Args:
            anew: throw away what is there.
        """
        if not anew:
            with contextlib.suppress(apsw.Error, _NotOurs):
                return cls(_opened(path), tenant)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return cls(_opened(path), tenant)

    def close(self) -> None:
        self._connection.close()

    def progress(self) -> Progress | None:
        """None if nothing was counted yet."""
        rows = self._rows("SELECT event_seq, event_checksum, policy_version FROM progress WHERE tenant = ?")
        return Progress(*rows[0]) if rows else None

    def clear(self) -> None:
        """Forget everything of the tenant."""
        with self._connection:
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table} WHERE tenant = ?", (self._tenant,))  # noqa: S608

    def load(self, into: FiguresCounter) -> None:
        """Put a new counter, made to go on after `progress`, where the stored one was."""
        progress = self.progress()
        if progress is None:
            return
        into.use_policy(progress.policy_version)
        counter_rows.load_intervals(
            into,
            self._rows(
                f"SELECT q.queue_id, q.channel_id, q.start_ns, {', '.join(f'q.{name}' for name in COLUMNS)}"  # noqa: S608
                " FROM queue_intervals q JOIN (SELECT queue_id, channel_id, max(start_ns) AS newest FROM"
                " queue_intervals WHERE tenant = ?1 GROUP BY queue_id, channel_id) n ON q.queue_id = n.queue_id"
                " AND q.channel_id = n.channel_id AND q.start_ns = n.newest WHERE q.tenant = ?1"
            ),
        )
        sessions = {
            row[0]: AgentFigures(*row)
            for row in self._rows(
                f"SELECT {', '.join(_SESSION)} FROM agent_sessions WHERE tenant = ? AND signed_off_ns = 0"  # noqa: S608
            )
        }
        for agent_id, presence, reason, active, wrap_ups, held, since_ns in self._rows(
            "SELECT agent_id, presence, reason, active, wrap_ups, held, since_ns FROM agents_now WHERE tenant = ?"
        ):
            session = sessions.get(agent_id)
            away = [] if session is None else self._rows(
                "SELECT reason, away_ns FROM agent_away WHERE tenant = ? AND agent_id = ? AND signed_on_ns = ?",
                agent_id, session.signed_on_ns,
            )  # fmt: skip
            counter_rows.load_agent(into, agent_id, presence, reason, active, wrap_ups, held, since_ns, session, away)
        counter_rows.load_contacts(
            into,
            self._connection.execute(
                f"SELECT contact_id, {', '.join(_CONTACT)} FROM open_contacts WHERE tenant = ?",  # noqa: S608
                (self._tenant,),
            ),
        )

    def save(self, counter: FiguresCounter) -> None:
        """Write what a counter changed since the last time, all or none. If none, the counter is not to be used any
        more: it tells each change once.
        """
        tenant, checksum = self._tenant, checksum_of(counter.last_content)
        with self._connection:
            self._put(_INTERVALS, counter_rows.changed_intervals(counter, tenant))
            self._delete("open_contacts", "contact_id", counter_rows.contacts_gone(counter))
            while contacts := counter_rows.changed_contacts(counter, tenant, _ROWS_AT_ONCE):
                self._put(_CONTACTS, contacts)
            sessions, away = counter_rows.ended_sessions(counter, tenant)
            self._put(_SESSIONS, sessions)
            self._put(_AWAY, away)
            self._delete("agents_now", "agent_id", counter_rows.agents_gone(counter))
            while (rows := counter_rows.changed_agents(counter, tenant, _ROWS_AT_ONCE))[0]:
                for statements, values in zip((_AGENTS, _SESSIONS, _AWAY), rows, strict=True):
                    self._put(statements, values)
            self._put(_PROGRESS, [tenant, counter.event_seq, checksum, counter.policy_version])

    def forget_present(self) -> None:
        """Forget who waits and who is there, where the events from which it could be known on are gone; the counts
        of the past stay.
        """
        with self._connection:
            self._connection.execute(_FORGET_PRESENT, {"tenant": self._tenant})

    def forget_before(self, start_ns: int) -> None:
        """Drop intervals and sessions that were over before `start_ns`. The newest interval of a queue stays if
        somebody still waits, so that it goes on being known.
        """
        with self._connection:
            self._connection.execute(
                "DELETE FROM queue_intervals AS q WHERE tenant = ?1 AND start_ns < ?2 AND (waiting = 0 OR EXISTS"
                " (SELECT 1 FROM queue_intervals l WHERE l.tenant = ?1 AND l.queue_id = q.queue_id"
                " AND l.channel_id = q.channel_id AND l.start_ns > q.start_ns))",
                (self._tenant, start_ns),
            )
            self._connection.execute(
                "DELETE FROM agent_away WHERE tenant = ?1 AND (agent_id, signed_on_ns) IN (SELECT agent_id,"
                " signed_on_ns FROM agent_sessions WHERE tenant = ?1 AND signed_off_ns > 0 AND signed_off_ns < ?2)",
                (self._tenant, start_ns),
            )
            self._connection.execute(
                "DELETE FROM agent_sessions WHERE tenant = ? AND signed_off_ns > 0 AND signed_off_ns < ?",
                (self._tenant, start_ns),
            )

    def queues(self) -> list[QueueKey]:
        """Every queue and channel of which there are figures, in order."""
        return [
            QueueKey(*row)
            for row in self._rows(
                "SELECT DISTINCT queue_id, channel_id FROM queue_intervals WHERE tenant = ? ORDER BY 1, 2"
            )
        ]

    def counts(self, key: QueueKey, start_ns: int, end_ns: int, step_ns: int) -> Iterator[StatsRow]:
        """The counts of a queue and channel from `start_ns` on in steps, the last one cut off at `end_ns`; steps in
        which nothing happened and nobody waits are left out. All three are multiples of 15 minutes.
        """
        before = self._rows(
            "SELECT waiting FROM queue_intervals WHERE tenant = ? AND queue_id = ? AND channel_id = ?"
            " AND start_ns < ? ORDER BY start_ns DESC LIMIT 1",
            *key, start_ns,
        )  # fmt: skip
        waiting = before[0][0] if before else 0
        kept = iter(
            self._rows(
                f"SELECT g.step, {', '.join(f'g.{name}' for name in SUMS)}, g.answered_wait_max_ns, l.waiting"  # noqa: S608
                f" FROM (SELECT (start_ns - ?4) / ?6 AS step, {', '.join(f'sum({n}) AS {n}' for n in SUMS)},"
                " max(answered_wait_max_ns) AS answered_wait_max_ns, max(start_ns) AS newest FROM queue_intervals"
                " WHERE tenant = ?1 AND queue_id = ?2 AND channel_id = ?3 AND start_ns >= ?4 AND start_ns < ?5"
                " GROUP BY 1) g JOIN queue_intervals l ON l.tenant = ?1 AND l.queue_id = ?2 AND l.channel_id = ?3"
                " AND l.start_ns = g.newest ORDER BY g.step",
                *key, start_ns, end_ns, step_ns,
            )
        )  # fmt: skip
        following = next(kept, None)
        for index in range(-((start_ns - end_ns) // step_ns)):
            counts = QueueCounts(waiting=waiting)
            if following is not None and following[0] == index:
                counts = QueueCounts(**dict(zip(SUMS, following[1:-2], strict=True)))
                counts.answered_wait_max_ns, counts.waiting = following[-2:]
                waiting = counts.waiting
                following = next(kept, None)
            elif following is None and not waiting:
                return
            if not counts.is_nothing:
                start = start_ns + index * step_ns
                yield StatsRow(key, start, min(start + step_ns, end_ns), counts)

    def _put(self, statements: "_Replace", values: list[Any]) -> None:
        # Each execution lets go of the interpreter and must wait to get it back from a busy event loop, so rows go in
        # by powers of two: few executions, few distinct statements to keep prepared.
        at, left, rows = 0, len(values) // statements.columns, _ROWS_A_STATEMENT_MAX
        while left:
            while rows > left:
                rows //= 2
            self._connection.execute(statements.by_rows[rows], values[at : at + rows * statements.columns])
            at += rows * statements.columns
            left -= rows

    def _delete(self, table: str, column: str, names: list[str]) -> None:
        marks = ",".join("?" * _ROWS_A_STATEMENT_MAX)
        for at in range(0, len(names), _ROWS_A_STATEMENT_MAX):
            some = names[at : at + _ROWS_A_STATEMENT_MAX]
            some += some[-1:] * (_ROWS_A_STATEMENT_MAX - len(some))  # one statement, whatever their number
            self._connection.execute(
                f"DELETE FROM {table} WHERE tenant = ? AND {column} IN ({marks})",  # noqa: S608
                (self._tenant, *some),
            )

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        return self._connection.execute(statement, (self._tenant, *values)).fetchall()


class _NotOurs(Exception):
    """The file is something else, or of a format that this program does not write."""


def _opened(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(5_000)
        is_new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        if not is_new:
            marks = (connection.pragma("application_id"), connection.pragma("user_version"))
            if marks != (APPLICATION_ID, FORMAT_VERSION) or connection.pragma("quick_check", 1) != "ok":
                raise _NotOurs
        connection.pragma("journal_mode", "WAL")
        connection.pragma("synchronous", "NORMAL")
        if is_new:
            with connection:
                connection.pragma("application_id", APPLICATION_ID)
                connection.pragma("user_version", FORMAT_VERSION)
                connection.execute(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection
