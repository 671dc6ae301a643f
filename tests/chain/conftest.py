"""A small journal of everything: rows and chunks, policies, two tenants, facts, a snapshot."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from acd_core.commands import ApplyPolicy, Command, EnqueueContact, SetPresence, UpsertAgents
from acd_core.engine import Engine
from acd_core.enums import Presence
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service.cli.verify import verify_command
from acd_service.journal import TENANT_DEFAULT
from acd_service.journal_sqlite import SqliteJournal
from acd_service.uncommitted import Uncommitted

SECOND = 10**9


class Kept:
    """A journal as it grows, each call one transaction, beside the engines that it is of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = SqliteJournal.open(folder, synchronous="OFF")
        self.engines: dict[str, Engine] = {}
        self.at_ns = 0

    def admit(self, tenant: str, seed: int, **facts: int) -> None:
        self.journal.admit(tenant, seed, facts)
        self.engines[tenant] = Engine(seed)

    def commit(self, *commands: Command, tenant: str = TENANT_DEFAULT, also: str = "") -> None:
        """Args: also: a tenant that gets the same commands in the same transaction."""
        made = Uncommitted()
        for name in (tenant, also) if also else (tenant,):
            seat = _Place(name, self.engines[name])
            for command in commands:
                self.at_ns += SECOND
                made.record(seat, command, seat.engine.apply(self.at_ns, command))  # type: ignore[arg-type]
        self.journal.append(made.batch())

    def snapshot(self) -> None:
        self.journal.save_snapshot(TENANT_DEFAULT, self.engines[TENANT_DEFAULT])

    def close(self) -> None:
        self.journal.close()


class _Place:
    """As much of a seat as a record needs."""

    def __init__(self, tenant: str, engine: Engine) -> None:
        self.tenant = tenant
        self.engine = engine


def write(folder: Path) -> Kept:
    """Commands 1 to 3 alone, 4 to 13 as a chunk, 14 and 15 in a row each, and so on; policies 1 and 2."""
    kept = Kept(folder)
    kept.admit(TENANT_DEFAULT, 7)
    kept.admit("acme", 2**63 + 5, agents_max=9)
    policy = ApplyPolicy(Policy(queues=(QueueSpec("sales", offer_timeout_ms=3_600_000),)))
    kept.commit(policy, also="acme")
    kept.commit(UpsertAgents((AgentSpec("ann"), AgentSpec("bob"))))
    kept.commit(SetPresence("ann", Presence.READY))
    kept.commit(*(EnqueueContact(f"c{n}", "sales", request_id=f"r{n}") for n in range(10)), also="acme")
    kept.snapshot()
    kept.commit(EnqueueContact("d1", "sales"), EnqueueContact("d2", "sales"))
    kept.commit(ApplyPolicy(Policy(queues=(QueueSpec("sales", offer_timeout_ms=60_000),))))
    kept.journal.put_fact("acme", "streams_max", 3)
    kept.commit(*(EnqueueContact(f"e{n}", "sales") for n in range(6)))
    kept.commit(EnqueueContact("f1", "sales"), tenant="acme")
    return kept


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write(folder).close()
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(written, tmp_path / "data"))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return write(tmp_path)


@pytest.fixture
def change() -> Callable[..., None]:
    """Change a journal behind the service's back."""

    def run(folder: Path, statement: str, *values: object) -> None:
        connection = sqlite3.connect(folder / "journal.sqlite", isolation_level=None)
        connection.execute(statement, values)
        connection.close()

    return run


@pytest.fixture
def acd_verify() -> Callable[..., Result]:
    return lambda *args: CliRunner().invoke(verify_command, list(args))
