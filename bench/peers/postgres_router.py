"""The router in PostgreSQL: the start state in bulk, calls in batches down one connection, calls from many at a time.

Statements are prepared once in each connection and go through libpq without what a cursor adds, so that little of what
is timed is a client in Python.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg import pq

from bench.peers.calls import Call, Catalogue, Offer
from bench.peers.postgres_server import PostgresServer
from bench.peers.start_state import StartState

CALLS_A_TRANSACTION: Final = 256
_SCHEMA: Final = Path(__file__).with_name("router.sql")
_PARAMETERS: Final = {
    "arrive": 4, "accept": 4, "cancel": 2, "complete": 2, "finish": 3, "presence": 3, "reskill": 3,
}  # fmt: skip
_STATES: Final = {"waiting": "w", "offered": "o", "active": "a"}
_PRIORITY_STEP: Final = 2**32
_DONE: Final = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class PeerRefused(RuntimeError):
    """The router answered a call with an error."""


def load(server: PostgresServer, database: str, state: StartState, catalogue: Catalogue) -> None:
    """Make a database and put the start state in by COPY."""
    with server.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {database}".encode())
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(_SCHEMA.read_bytes())
        with cursor.copy("COPY reach FROM STDIN") as copy:
            for pair in catalogue.pairs():
                copy.write_row(pair)
        with cursor.copy("COPY agents FROM STDIN") as copy:
            for agent in state.agents():
                is_idle = agent.is_ready and agent.contact is None
                copy.write_row((agent.agent, agent.profile, agent.is_ready, is_idle, agent.idle_ms, agent.contact))
        with cursor.copy("COPY contacts FROM STDIN") as copy:
            for number, requirement, priority, status, whose, offer in state.contacts():
                rank = number - priority * _PRIORITY_STEP
                copy.write_row((number, requirement, rank, status == "waiting", _STATES[status], whose, offer, None))
        cursor.execute("SELECT setval('offers', %s, %s)", (max(1, state.offers), state.offers > 0))
        cursor.execute("VACUUM ANALYZE")


def copy_database(server: PostgresServer, source: str, name: str) -> None:
    """Another database with the same content; nobody may be connected to the source."""
    with server.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}".encode())


class PostgresRouter:
    """One connection to a database that was loaded; a context that closes it.

    Args:
        is_synchronous: False for commits that do not wait for the disk (`synchronous_commit = off`).
    """

    def __init__(self, server: PostgresServer, database: str, *, is_synchronous: bool = True) -> None:
        self._connection = server.connect(database)
        self._pq = self._connection.pgconn
        if not is_synchronous:
            self._connection.execute("SET synchronous_commit = off")
        # The plans do not depend on the values.
        self._connection.execute("SET plan_cache_mode = force_generic_plan")
        for name, count in _PARAMETERS.items():
            places = ",".join(f"${number + 1}" for number in range(count))
            self._pq.prepare(name.encode(), f"SELECT contact, agent, offer FROM {name}({places})".encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def call(self, name: str, *values: int) -> Offer | None:
        """One command in a transaction of its own; answered when it is committed.

        Raises:
            PeerRefused: with what the router said.
        """
        return _offer(self._pq.exec_prepared(name.encode(), [b"%d" % value for value in values]))

    def run(self, calls: Sequence[Call]) -> list[Offer]:
        """Calls in order, by a pipeline of 256, each of which is one transaction; returns what was decided.

        Raises:
            PeerRefused: with what the router said.
        """
        found: list[Offer] = []
        self._pq.enter_pipeline_mode()
        try:
            for first in range(0, len(calls), CALLS_A_TRANSACTION):
                found += self._transaction(calls[first : first + CALLS_A_TRANSACTION])
        finally:
            self._pq.exit_pipeline_mode()
        return found

    def _transaction(self, calls: Sequence[Call]) -> list[Offer]:
        connection = self._pq
        for name, values in calls:
            connection.send_query_prepared(name.encode(), [b"%d" % value for value in values])
        connection.pipeline_sync()
        connection.flush()
        found: list[Offer] = []
        failed: PeerRefused | None = None
        for _ in calls:
            result = connection.get_result()
            assert result is not None
            try:
                offer = _offer(result)
                if offer is not None:
                    found.append(offer)
            except PeerRefused as refused:
                failed = failed or refused
            assert connection.get_result() is None
        result = connection.get_result()
        assert result is not None
        assert result.status == pq.ExecStatus.PIPELINE_SYNC
        if failed:
            raise failed
        return found


def _offer(result: "pq.abc.PGresult") -> Offer | None:
    if result.status not in _DONE:
        raise PeerRefused(result.error_message.decode(errors="replace").strip())
    contact, agent, offer = (result.get_value(0, column) for column in range(3))
    if contact is None or agent is None or offer is None:
        return None
    return int(contact), int(agent), int(offer)


def inconsistencies(connection: "psycopg.Connection[tuple[object, ...]]") -> int:
    """Agents and contacts that do not agree on who serves whom."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM contacts c LEFT JOIN agents a ON a.agent = c.agent"
        "        WHERE c.is_waiting <> (c.state = 'w') OR c.state <> 'w' AND a.contact IS DISTINCT FROM c.contact)"
        " + (SELECT count(*) FROM agents a LEFT JOIN contacts c USING (contact)"
        "    WHERE a.contact IS NOT NULL AND c.agent IS DISTINCT FROM a.agent OR a.is_idle AND a.contact IS NOT NULL)"
    ).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]
