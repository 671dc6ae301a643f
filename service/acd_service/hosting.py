"""The tenants of a service: which there are, which are open, and how they come and go while it runs.

That a tenant is there, suspended or being removed is in the journal before anybody is told. A suspended tenant is
closed: it has no engine, no timers and no streams, and costs nothing but its room on the disk. To resume it is what a
restart is to all: its engine is made from the journal, and the command `Resume` tells it that there was an outage.
"""

import asyncio
import contextlib
import hashlib
import logging
import shutil
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from acd_service.clock import Clock
from acd_service.config import Config
from acd_service.data_dir import tenant_dir
from acd_service.journal import ERASURE_FACTS, REMOVING, TENANT_DEFAULT
from acd_service.journal_sqlite import SqliteJournal
from acd_service.moving.mover import Mover, OnProgress
from acd_service.moving.tenant_file import Manifest
from acd_service.recovery import Recovered
from acd_service.sequencer import Sequencer
from acd_service.service_error import Overloaded, Stopping, TenantState, TenantSuspended, UnknownTenant
from acd_service.shared_by_tenants import SharedByTenants
from acd_service.tenant import Tenant, open_tenant
from acd_service.tenant_settings import Quotas, check_name

_log = logging.getLogger(__name__)
TENANTS_MAX: Final = 10_000
SUSPENDED: Final = "suspended"
_REQUEST: Final = "request"
"""By which request it was made."""
_RETRY_AFTER_MS: Final = 60_000
_WAIT_S_MAX: Final = 5.0
T = TypeVar("T")


@dataclass(slots=True)
class Hosted:
    """A tenant as the service has it; `tenant` is None as long as it is not open."""

    name: str
    facts: dict[str, int] = field(default_factory=dict)
    tenant: Tenant | None = None

    @property
    def is_suspended(self) -> bool:
        return SUSPENDED in self.facts


class Hosting:
    """Opens and closes tenants; one change at a time, and each to its end though whoever asked for it goes away: the
    journal, the sequencer and what is known here would not agree after half of one. Used on the event loop.

    Args:
        open_tenants: those that are served, by name; kept up to date here.
        suspended: the names of those that are not, but are there; likewise.
    """

    def __init__(
        self, open_tenants: dict[str, Tenant], suspended: set[str], journal: SqliteJournal, config: Config
    ) -> None:
        self._open = open_tenants
        self._suspended = suspended
        self._journal = journal
        self._config = config
        self._sequencer: Sequencer | None = None
        self._clock: Clock | None = None
        self._shared = SharedByTenants(config.recent_bytes_all_max)
        self._mover = Mover(journal, config)
        self._coming_in: dict[str, asyncio.Task[None]] = {}
        self._changes: set[asyncio.Task[Any]] = set()
        self._hosted: dict[str, Hosted] = {}
        self._lock = asyncio.Lock()
        self._is_stopping = False
        self.last_at_ns = 0
        """The time of the last command of all, those of suspended tenants too; known once they are recovered."""

    def recover(self) -> dict[str, Recovered]:
        """The tenants that are to be served, each with its engine as the journal has it; those that the settings name
        are made if they are not there. Blocks: to be called in a thread, before anything is served.

        Raises:
            JournalError: what is kept of one cannot be used.
        """
        self._mover.clear()
        for name in self._journal.tenants():
            if REMOVING in self._journal.facts_of(name):
                self._remove_files(name)
                while self._journal.remove_some(name):
                    pass
        kept = self._journal.tenants()
        for name in (TENANT_DEFAULT, *self._config.tenants):
            if name not in kept:
                self._journal.admit(name, self._config.seed)
                kept.append(name)
        recovered = {}
        for name in dict.fromkeys((TENANT_DEFAULT, *sorted(kept))):
            self._hosted[name] = hosted = Hosted(name, self._journal.facts_of(name))
            self.last_at_ns = max(self.last_at_ns, self._journal.extent(name).last_at_ns)
            if not hosted.is_suspended:
                recovered[name] = open_tenant(self._journal, name, self._config)
        return recovered

    async def open_all(self, recovered: Mapping[str, Recovered], sequencer: Sequencer, clock: Clock) -> None:
        """Give those that were recovered their places; then the sequencer may start."""
        self._sequencer, self._clock = sequencer, clock
        for name, found in recovered.items():
            await self._seat(self._hosted[name], found)
        self._suspended.update(name for name, hosted in self._hosted.items() if hosted.is_suspended)

    def list(self) -> list[Hosted]:
        """All that there are, by name."""
        return [self._hosted[name] for name in sorted(self._hosted)]

    def find(self, name: str) -> Hosted:
        """Raises UnknownTenant."""
        hosted = self._hosted.get(name)
        if hosted is None:
            raise UnknownTenant(name)
        return hosted

    def quotas_of(self, hosted: Hosted) -> Quotas:
        """The settings' quotas for those that they name, else those that it was made with."""
        given = self._config.tenants.get(hosted.name)
        if given is not None:
            return given
        return Quotas(**{name: hosted.facts[name] for name in asdict(Quotas()) if name in hosted.facts})

    async def create(self, name: str, quotas: Quotas, seed: int, request: bytes = b"") -> tuple[Hosted, bool]:
        """Make a tenant and open it; whether that was done before, by the same request.

        Args:
            request: the request, if it has an id.

        Raises:
            BadTenant: the name cannot be.
            TenantState: TENANT_EXISTS.
            Overloaded: there are as many as there may be.
        """
        return await self._to_its_end(self._create(name, quotas, seed, request))

    async def _create(self, name: str, quotas: Quotas, seed: int, request: bytes) -> tuple[Hosted, bool]:
        check_name(name)
        async with self._lock:
            sequencer = self._running()
            if name in self._hosted:
                if request and self._hosted[name].facts.get(_REQUEST) == _word(request):
                    return self._hosted[name], True
                raise TenantState("TENANT_EXISTS", f"there is a tenant {name!r} already")
            self._check_room_for(name)
            facts = {quota: value for quota, value in asdict(quotas).items() if value}
            if request:
                facts[_REQUEST] = _word(request)
            await sequencer.in_worker(lambda: self._journal.admit(name, seed, facts))
            self._hosted[name] = hosted = Hosted(name, facts)
            await self._reopen(hosted)
            return hosted, False

    @contextlib.asynccontextmanager
    async def exported(self, name: str) -> AsyncIterator[tuple[Path, Manifest]]:
        """The file of a tenant as of now, as long as it is needed.

        Raises:
            UnknownTenant: there is none.
            ExportFailed: the file cannot be made.
        """
        hosted = self.find(name)
        quotas = {quota: value for quota, value in asdict(self.quotas_of(hosted)).items() if value}
        folder = self._mover.new_folder()
        try:
            yield await self._mover.pack(name, quotas, folder / "file")
        finally:
            await self._mover.drop(folder)

    @contextlib.asynccontextmanager
    async def importing(self) -> AsyncIterator["Import"]:
        """A tenant that is taken in from a file, whose bytes are to be written to what is given."""
        self._running()
        folder = self._mover.new_folder()
        try:
            with (folder / "file").open("xb") as file:
                yield Import(self, self._mover, folder, file)
        finally:
            await self._mover.drop(folder)

    async def take_in(self, folder: Path, manifest: Manifest, on_progress: OnProgress) -> Hosted:
        """Take a tenant in from a folder that was proved; it is suspended then. It is all there or, after the next
        start at the latest, not at all.

        Raises:
            TenantState: TENANT_EXISTS.
            Overloaded: there are as many as there may be.
            Stopping: the service stops.
        """
        task = asyncio.get_running_loop().create_task(self._take_in(folder, manifest, on_progress))
        # Whoever sent the file may go away now: it comes in all the same. The folder is needed until then.
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await task
            raise

    async def _take_in(self, folder: Path, manifest: Manifest, on_progress: OnProgress) -> Hosted:
        name = manifest.tenant
        async with self._lock:
            sequencer = self._running()
            if name in self._hosted:
                raise TenantState("TENANT_EXISTS", f"there is a tenant {name!r} already")
            self._check_room_for(name)
            # What is half in when a service ends is removed by the next.
            facts = {**manifest.quotas, REMOVING: 1, **await asyncio.to_thread(_erased_in, folder, name)}
            await sequencer.in_worker(lambda: self._journal.admit(name, manifest.seed, facts))
            task = asyncio.get_running_loop().create_task(self._put_in(sequencer, folder, manifest, on_progress))
            self._coming_in[name] = task
        await task
        return self._hosted[name]

    async def _put_in(self, sequencer: Sequencer, folder: Path, manifest: Manifest, on_progress: OnProgress) -> None:
        name = manifest.tenant

        def check(done: int, total: int) -> None:
            self._running()
            on_progress(done, total)

        try:
            await self._mover.put_in(sequencer, folder, manifest, check)
            async with self._lock:
                self._running()
                await sequencer.in_worker(lambda: self._journal.put_fact(name, SUSPENDED, 1))
                await sequencer.in_worker(lambda: self._journal.drop_fact(name, REMOVING))
                self._hosted[name] = Hosted(name, {**manifest.quotas, SUSPENDED: 1})
                self._suspended.add(name)
                self.last_at_ns = max(self.last_at_ns, manifest.extent.last_at_ns)
            _log.warning("tenant %s is taken in, up to seq %d", name, manifest.extent.last_seq)
        except Stopping:
            raise
        except Exception:
            await self._delete(sequencer, name)
            raise
        finally:
            del self._coming_in[name]

    def _check_room_for(self, name: str) -> None:
        if name in self._coming_in:
            raise TenantState("TENANT_EXISTS", f"a tenant {name!r} is coming in")
        if len(self._hosted) + len(self._coming_in) >= TENANTS_MAX:
            raise Overloaded(f"{TENANTS_MAX} tenants are here", _RETRY_AFTER_MS)

    async def suspend(self, name: str) -> Hosted:
        """Close a tenant until it is resumed: what it was asked is answered or refused, its streams end, its timers
        stop. One that is suspended stays so.

        Raises:
            UnknownTenant, TenantState: TENANT_NEEDED for `default`, where callers without credentials come to.
        """
        return await self._to_its_end(self._suspend(name))

    async def _suspend(self, name: str) -> Hosted:
        async with self._lock:
            sequencer = self._running()
            hosted = self.find(name)
            if name == TENANT_DEFAULT:
                raise TenantState("TENANT_NEEDED", f"{name!r} is there as long as the service")
            if not hosted.is_suspended:
                await sequencer.in_worker(lambda: self._journal.put_fact(name, SUSPENDED, 1))
                hosted.facts[SUSPENDED] = 1
                self._suspended.add(name)
                await self._close(hosted)
                _log.warning("tenant %s is suspended", name)
            return hosted

    async def resume(self, name: str) -> Hosted:
        """Open a suspended tenant again; one that is open stays so.

        Raises:
            UnknownTenant: there is none.
            JournalError: what is kept of it cannot be used; it stays suspended.
        """
        return await self._to_its_end(self._resume(name))

    async def _resume(self, name: str) -> Hosted:
        async with self._lock:
            sequencer = self._running()
            hosted = self.find(name)
            if hosted.is_suspended:
                await self._reach(self._journal.extent(name).last_at_ns)
                recovered = await asyncio.to_thread(open_tenant, self._journal, name, self._config)
                await sequencer.in_worker(lambda: self._journal.drop_fact(name, SUSPENDED))
                del hosted.facts[SUSPENDED]
                self._suspended.discard(name)
                await self._seat(hosted, recovered)
                _log.warning("tenant %s is resumed", name)
            elif hosted.tenant is None:
                await self._reopen(hosted)
            return hosted

    async def remove(self, name: str) -> None:
        """Remove a suspended tenant with all that is kept of it. A removal that is interrupted goes on at the next
        start.

        Raises:
            UnknownTenant, TenantState: TENANT_NOT_SUSPENDED; TENANT_IN_SETTINGS, the next start would make it anew.
        """
        await self._to_its_end(self._remove(name))

    async def _remove(self, name: str) -> None:
        async with self._lock:
            sequencer = self._running()
            hosted = self.find(name)
            if name in self._config.tenants:
                raise TenantState("TENANT_IN_SETTINGS", f"the settings name {name!r}; take it out of them first")
            if not hosted.is_suspended:
                raise TenantState("TENANT_NOT_SUSPENDED", f"{name!r} is in use; suspend it first")
            await sequencer.in_worker(lambda: self._journal.put_fact(name, REMOVING, 1))
            del self._hosted[name]
            self._suspended.discard(name)
            await asyncio.to_thread(self._remove_files, name)
            # Other tenants' commits go between.
            while await sequencer.in_worker(lambda: self._journal.remove_some(name)):
                pass
            _log.warning("tenant %s is removed", name)

    async def _to_its_end(self, change: Coroutine[Any, Any, T]) -> T:
        task = asyncio.get_running_loop().create_task(change, name="change of tenants")
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_failure)
            raise

    async def stop(self) -> None:
        """End the streams of all; no more comes or goes."""
        self._is_stopping = True
        await asyncio.gather(*self._coming_in.values(), return_exceptions=True)
        async with self._lock:
            await asyncio.gather(*(tenant.stop() for tenant in self._open.values()))

    async def close(self) -> None:
        """Let go of the files of all."""
        for tenant in self._open.values():
            await tenant.close()
        self._open.clear()
        await asyncio.to_thread(self._shared.stop)

    async def _reach(self, at_ns: int) -> None:
        """See to it that the time is not before that of a tenant's last command: it may come from another machine.

        Raises:
            TenantState: TENANT_AHEAD, the clocks differ by more than can be waited for.
        """
        assert self._clock is not None
        self._clock.advance_to(at_ns)
        ahead_s = (at_ns - self._clock.now_ns()) / 1e9
        if ahead_s > _WAIT_S_MAX:
            raise TenantState("TENANT_AHEAD", f"its last command is {ahead_s:.0f} s ahead of this service's clock")
        if ahead_s > 0:
            await asyncio.sleep(ahead_s + 0.001)

    def _running(self) -> Sequencer:
        if self._is_stopping or self._sequencer is None:
            raise Stopping("the service is stopping" if self._is_stopping else "the service is not ready yet")
        return self._sequencer

    async def _reopen(self, hosted: Hosted) -> None:
        await self._seat(hosted, await asyncio.to_thread(open_tenant, self._journal, hosted.name, self._config))

    async def _seat(self, hosted: Hosted, recovered: Recovered) -> None:
        assert self._sequencer is not None
        assert self._clock is not None
        name = hosted.name
        tenant_dir(self._config.data_dir, name).mkdir(parents=True, exist_ok=True)
        # Each live contact is looked at.
        tenant = await asyncio.to_thread(
            Tenant,
            name,
            recovered,
            self._journal,
            self._sequencer,
            self._clock,
            self._config,
            self._shared,
            self.quotas_of(hosted),
        )
        await tenant.take_seat()
        hosted.tenant = self._open[name] = tenant

    async def _close(self, hosted: Hosted) -> None:
        tenant, hosted.tenant = hosted.tenant, None
        if tenant is not None:
            await tenant.leave_seat(TenantSuspended())
            del self._open[hosted.name]
            await tenant.stop(at_once=True)
            await tenant.close()

    async def _delete(self, sequencer: Sequencer, name: str) -> None:
        await asyncio.to_thread(self._remove_files, name)
        # Other tenants' commands go between.
        while await sequencer.in_worker(lambda: self._journal.remove_some(name)):
            pass

    def _remove_files(self, name: str) -> None:
        shutil.rmtree(tenant_dir(self._config.data_dir, name), ignore_errors=True)
        self._journal.snapshots.remove(name)


class Import:
    """A tenant on its way in: first all bytes of its file, then `take_in`."""

    def __init__(self, hosting: Hosting, mover: Mover, folder: Path, file: BinaryIO) -> None:
        self._hosting = hosting
        self._mover = mover
        self._folder = folder
        self._file = file
        self._size = 0

    async def write(self, content: bytes) -> None:
        """Take the next bytes of the file.

        Raises:
            Overloaded: the disk has no room for it.
        """
        self._size += len(content)
        self._mover.check_room(self._size)
        await asyncio.to_thread(self._file.write, content)

    async def take_in(self, on_progress: OnProgress) -> tuple[Hosted, Manifest]:
        """Prove the file and take the tenant in.

        Raises:
            BadTenantFile: it is damaged, or of a version that cannot be read.
            TenantState, Overloaded, Stopping: as `Hosting.take_in`.
        """
        self._file.close()
        parts = self._folder / "parts"
        manifest = await self._mover.prove(self._folder / "file", parts)
        return await self._hosting.take_in(parts, manifest, on_progress), manifest


def _log_failure(task: "asyncio.Task[Any]") -> None:
    """Of a change whose caller does not hear of it any more."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("a change of tenants failed after its caller had gone: %s", error)


def _erased_in(folder: Path, tenant: str) -> dict[str, int]:
    """Up to where a customer was erased from a tenant's record that comes in, and whether one still is to be."""
    facts = SqliteJournal.open_to_read(folder).facts_of(tenant)
    return {name: value for name, value in facts.items() if name in ERASURE_FACTS}


def _word(request: bytes) -> int:
    """What a request is known by later: 63 bits, as SQLite keeps whole numbers."""
    return int.from_bytes(hashlib.blake2b(request, digest_size=8).digest(), "big") >> 1
