"""A change of tenants is carried out to its end though whoever asked for it goes away meanwhile: half of one would
leave a tenant with two engines, or the journal with one that nobody knows of.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from acd_core.commands import ApplyPolicy, EnqueueContact, SetPresence, UpsertAgents
from acd_core.enums import Presence
from acd_core.policy import Policy, QueueSpec
from acd_core.roster import AgentSpec
from acd_service.clock import WallClock
from acd_service.config import Config
from acd_service.hosting import Hosting
from acd_service.journal_sqlite import SqliteJournal
from acd_service.sequencer import Sequencer
from acd_service.tenant_settings import Quotas


class Host:
    """The tenants of a service without the wire."""

    def __init__(self, data_dir: Path) -> None:
        self.config = Config(data_dir=data_dir)
        self.journal = SqliteJournal.open(data_dir)
        self.failures: list[BaseException] = []
        self.open: dict[str, Any] = {}
        self.clock = WallClock()
        self.sequencer = Sequencer(self.journal, self.clock, self.config, self.failures.append)
        self.hosting = Hosting(self.open, set(), self.journal, self.config)

    async def __aenter__(self) -> Self:
        await self.hosting.open_all(self.hosting.recover(), self.sequencer, self.clock)
        self.sequencer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hosting.stop()
        await self.sequencer.stop()
        await self.hosting.close()
        self.journal.close()

    async def left(self, change: Any, until: Callable[[], bool]) -> None:
        """Ask for a change and go away as soon as something is so."""
        asked = asyncio.ensure_future(change)
        while not until():
            await asyncio.sleep(0)
        asked.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asked


def in_worker(host: Host) -> Callable[[], bool]:
    """Something is being written beside commits."""
    return lambda: host.sequencer._worker._unfinished > 0


def is_asked(host: Host) -> Callable[[], bool]:
    """Somebody waits for the end of a commit."""
    return lambda: bool(host.sequencer._looks)


@pytest.mark.parametrize("where", ["while its end is noted", "while it leaves its seat"])
def test_a_tenant_that_is_suspended_has_one_engine_when_it_is_resumed(tmp_path: Path, where: str) -> None:
    async def inside() -> None:
        async with Host(tmp_path) as host:
            await host.hosting.create("acme", Quotas(), 0)
            first = host.open["acme"]
            await first.submit(ApplyPolicy(Policy(queues=(QueueSpec("sales", offer_timeout_ms=300),))))
            await first.submit(UpsertAgents((AgentSpec("ann"),)))
            await first.submit(SetPresence("ann", Presence.READY))
            await first.submit(EnqueueContact("call", "sales"))
            is_so = in_worker(host)
            if where == "while it leaves its seat":
                is_so = is_asked(host)
                host.sequencer._uncommitted = True  # as while something is committed
            await host.left(host.hosting.suspend("acme"), is_so)
            if where == "while it leaves its seat":
                await host.open["default"].submit(ApplyPolicy(Policy(queues=(QueueSpec("other"),))))
            assert not (await host.hosting.suspend("acme")).tenant
            assert "acme" not in host.open
            assert [seat.tenant for seat in host.sequencer._seats] == ["default"]
            assert (await host.hosting.resume("acme")).tenant is not first
            await asyncio.sleep(0.5)  # the offer runs out, for one engine
            assert await host.open["acme"].look(lambda engine: engine.seq) >= 6
            assert host.failures == []

    asyncio.run(inside())


def test_a_tenant_that_is_made_is_there(tmp_path: Path) -> None:
    async def inside() -> None:
        async with Host(tmp_path) as host:
            await host.left(host.hosting.create("acme", Quotas(), 0, b"request"), in_worker(host))
            hosted, is_duplicate = await host.hosting.create("acme", Quotas(), 0, b"request")
            assert hosted.tenant is host.open["acme"]
            assert is_duplicate

    asyncio.run(inside())


def test_a_tenant_that_is_removed_is_gone_and_another_may_have_its_name(tmp_path: Path) -> None:
    async def inside() -> None:
        async with Host(tmp_path) as host:
            await host.hosting.create("acme", Quotas(), 0)
            await host.hosting.suspend("acme")
            await host.left(host.hosting.remove("acme"), lambda: len(host.hosting.list()) == 1)
            await host.hosting.create("acme", Quotas(), 0)
            assert host.journal.tenants() == ["acme", "default"]

    asyncio.run(inside())


def test_a_tenant_that_is_taken_in_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    came_from = tmp_path / "file"
    came_from.mkdir()
    SqliteJournal.open(came_from).close()
    manifest: Any = SimpleNamespace(tenant="acme", quotas={}, seed=0, extent=SimpleNamespace(last_at_ns=0, last_seq=0))

    async def put_in(*_: object) -> None:
        assert came_from.exists()

    async def inside() -> None:
        data = tmp_path / "data"
        data.mkdir()
        async with Host(data) as host:
            monkeypatch.setattr(host.hosting._mover, "put_in", put_in)
            await host.left(host.hosting.take_in(came_from, manifest, lambda *_: None), in_worker(host))
            assert host.hosting.find("acme").is_suspended

    asyncio.run(inside())
