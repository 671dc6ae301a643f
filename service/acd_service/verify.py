"""Checks a data directory from end to end: gapless, every checksum, replay gives the journalled events, each snapshot
is what a replay gives, the chain of hashes holds and reaches its high-water mark. Reads only; may run beside a service.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from acd_core.snapshot import BadSnapshot
from acd_service import codec
from acd_service.anchor import Anchored, differences
from acd_service.chain import JOURNAL
from acd_service.chain_check import check_chain
from acd_service.customers.directory_file import check_directory
from acd_service.data_dir import customers_path, high_water_path
from acd_service.engine_interface import EngineMaker, RoutingEngine, engine_maker
from acd_service.high_water import damage, read_marks
from acd_service.journal import (
    REMOVING,
    EventRecord,
    Extent,
    Journal,
    JournalAltered,
    JournalDamaged,
    JournalEndLost,
    JournalError,
    JournalForeign,
)
from acd_service.journal_end import Loss, losses
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import replay
from acd_service.service_error import DirectoryDamaged
from acd_service.snapshot_files import SnapshotFiles

_PROGRESS_EVERY: Final = 10_000
_EVENTS_AT_ONCE: Final = 10_000
_TRIES: Final = 3


@dataclass(slots=True)
class VerifyReport:
    """What was found. `problem` is empty if all is well."""

    data_dir: str
    problem: str = ""
    error: str = ""
    """The kind of problem: JournalMissing, JournalForeign, JournalDamaged, ChainBroken, JournalEndLost,
    JournalAltered or DirectoryDamaged."""
    tenant: str = ""
    """Whose record the problem is in; empty if there is none, or it is in what all share."""
    good_through_seq: int = 0
    """Every command up to this one is whole and gives what it gave at first."""
    oldest_seq: int = 0
    last_seq: int = 0
    oldest_event_seq: int = 0
    last_event_seq: int = 0
    links_checked: int = 0
    """Of the chains of all tenants and of the journal's own."""
    heads: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Where each chain ends that was proved: its link, hash, last command and event. What an anchor is made of."""
    erasures: list[dict[str, Any]] = field(default_factory=list)
    """Customers who were erased, as the chains say: up to which command, by whom, when, in how many links."""
    commands_checked: int = 0
    events_checked: int = 0
    snapshots_checked: list[int] = field(default_factory=list)
    event_hash: str = ""
    digest: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem

    def as_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}


def verify(
    data_dir: Path,
    *,
    engine: str = "compiled",
    anchor: Mapping[str, Anchored] | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> VerifyReport:
    """Check the journal, its marks, the snapshots and the customers in `data_dir`.

    Args:
        anchor: what the journal must go on from.
        on_progress: called now and then with the commands checked and how many there are.
    """
    report = VerifyReport(str(data_dir))
    try:
        journal = SqliteJournal.open_to_read(data_dir)
        journal.check_pages()
        found = _losses(journal, data_dir) and _losses(journal, data_dir)  # a tenant may just have been removed
        if found:
            raise JournalEndLost(found[0].text, found[0].last_seq)
        if journal.has_chain:
            _prove(journal, JOURNAL, report)
        for tenant in journal.tenants():
            if REMOVING in journal.facts_of(tenant):
                continue  # in parts, until the next start at the latest
            report.tenant = tenant
            _verify_anew(journal, tenant, engine_maker(engine), report, on_progress)
            check_directory(customers_path(data_dir, tenant), tenant)
            report.tenant = ""
        for difference in differences(journal, anchor or {}):
            raise JournalAltered(difference)
        _check_marks(high_water_path(data_dir))
    except (JournalError, DirectoryDamaged) as error:
        report.problem, report.error = str(error), type(error).__name__
        if isinstance(error, JournalError) and error.good_through_seq is not None:
            report.good_through_seq = error.good_through_seq
    return report


def _verify_anew(
    journal: SqliteJournal,
    tenant: str,
    make: EngineMaker,
    report: VerifyReport,
    on_progress: Callable[[int, int], None],
) -> None:
    """Check a tenant; once more if a customer was erased meanwhile: then what was there is not any more."""
    before = asdict(report)
    for tries in range(_TRIES):
        floor = journal.replay_floor(tenant)
        try:
            _verify_tenant(journal, tenant, make, report, on_progress)
            if journal.has_chain:
                _prove(journal, tenant, report)
            return
        except (JournalDamaged, FileNotFoundError):
            if tries == _TRIES - 1 or journal.replay_floor(tenant) == floor:
                raise
        for name, value in before.items():
            setattr(report, name, value)


def _losses(journal: SqliteJournal, data_dir: Path) -> list[Loss]:
    marks = read_marks(high_water_path(data_dir)) or {}  # before the journal is looked at, which may go on
    return losses(journal.heads(), marks, journal.link)


def _check_marks(path: Path) -> None:
    for tries in range(_TRIES):
        problem = damage(path)  # a service may just be writing
        if not problem:
            return
        if tries == _TRIES - 1:
            raise JournalDamaged(f"{problem}; the next start of a service makes it anew", None)


def _prove(journal: SqliteJournal, tenant: str, report: VerifyReport) -> None:
    found = check_chain(journal, tenant)
    report.links_checked += found.links
    for erasure in found.erasures:
        report.erasures.append({"tenant": tenant, **asdict(erasure)})
    head = found.head
    report.heads[tenant] = {
        "link": head.number, "hash": head.hash.hex(), "seq": head.last_seq, "event_seq": head.last_event_seq
    }  # fmt: skip


def _verify_tenant(
    journal: SqliteJournal,
    tenant: str,
    make: EngineMaker,
    report: VerifyReport,
    on_progress: Callable[[int, int], None],
) -> None:
    extent = journal.extent(tenant)
    report.oldest_seq, report.last_seq = extent.oldest_seq, extent.last_seq
    report.oldest_event_seq, report.last_event_seq = extent.oldest_event_seq, extent.last_event_seq
    snapshots = journal.snapshots
    engine = _start(journal, tenant, make, report)
    report.good_through_seq = engine.seq
    snapshot_seqs = {seq for seq in snapshots.seqs(tenant) if seq > engine.seq}
    events = _events(journal, tenant, max(extent.oldest_event_seq, 1), extent.last_event_seq)
    _read_before(journal, tenant, engine, extent, events)
    for record in journal.read(tenant, engine.seq + 1):
        if record.seq > extent.last_seq:
            break  # written since the check began
        policy_version = engine.policy_version
        answer = replay(engine, record)
        if engine.policy_version != policy_version:
            _check_policy(journal, tenant, engine)
        for event in answer.events:
            if event.event_seq < extent.oldest_event_seq:
                continue
            kept = next(events, None)
            if kept is None or kept.event_seq != event.event_seq or kept.seq != event.seq:
                raise JournalDamaged(f"event {event.event_seq} is missing", record.seq - 1)
            if codec.decode_event(kept.content) != event:
                raise JournalDamaged(f"event {event.event_seq} is not what the commands give", record.seq - 1)
            report.events_checked += 1
        if record.seq in snapshot_seqs:
            _check_snapshot(snapshots, tenant, engine, report)
        report.commands_checked += 1
        report.good_through_seq = record.seq
        if report.commands_checked % _PROGRESS_EVERY == 0:
            on_progress(report.commands_checked, extent.last_seq - extent.oldest_seq + 1)
    if engine.seq != extent.last_seq:
        raise JournalDamaged(f"command {engine.seq + 1} is missing, the last is {extent.last_seq}", engine.seq)
    beyond = [seq for seq in snapshots.seqs(tenant) if seq > journal.extent(tenant).last_seq]
    if beyond:
        raise JournalDamaged(f"the journal ends before the snapshot of seq {beyond[0]}", engine.seq)
    extra = next(events, None)
    if extra is not None:
        raise JournalDamaged(f"event {extra.event_seq} was not caused by any command", engine.seq)
    on_progress(report.commands_checked, report.commands_checked)
    report.event_hash, report.digest = f"{engine.event_hash:016x}", engine.state_digest()


def _read_before(
    journal: Journal, tenant: str, engine: RoutingEngine, extent: Extent, events: Iterator[EventRecord]
) -> None:
    """What is kept of before the snapshot with which the replay begins: it is all there, and as it was written."""
    for record in journal.read(tenant, max(extent.oldest_seq, 1)):
        if record.seq >= engine.seq:
            break
    for _ in range(max(extent.oldest_event_seq, 1), engine.event_seq + 1):
        next(events, None)


def _start(journal: SqliteJournal, tenant: str, make: EngineMaker, report: VerifyReport) -> RoutingEngine:
    """The engine before the oldest command that can be replayed."""
    floor = journal.replay_floor(tenant)
    if not floor:
        return make(journal.seed(tenant) or 0)
    for seq in journal.snapshots.seqs(tenant):
        if seq >= floor:
            try:
                engine = journal.snapshots.of(tenant, seq).restore(make)
            except BadSnapshot as error:
                raise JournalForeign(f"the snapshot of seq {seq} cannot be read: {error}") from None
            report.snapshots_checked.append(seq)
            return engine
    raise JournalDamaged(f"commands up to {floor} are gone, or a customer was erased; there is no snapshot of them", 0)


def _check_policy(journal: Journal, tenant: str, engine: RoutingEngine) -> None:
    """Earlier policies are shown from rows of their own, which have no checksum: the commands say what they must be."""
    version = engine.policy_version
    kept = journal.read_policies(tenant, up_to_version=version, policies_max=1)
    if not kept or kept[0].policy_version != version:
        raise JournalDamaged(f"policy {version} is missing", engine.seq - 1)
    if (kept[0].seq, kept[0].at_ns, kept[0].content) != (engine.seq, engine.now_ns, engine.policy.to_bytes()):
        raise JournalDamaged(f"policy {version} is not what the commands give", engine.seq - 1)


def _check_snapshot(snapshots: SnapshotFiles, tenant: str, engine: RoutingEngine, report: VerifyReport) -> None:
    try:
        digest = snapshots.of(tenant, engine.seq).digest()
    except FileNotFoundError:
        return  # replaced by a newer one since the check began
    if digest != engine.state_digest():
        raise JournalDamaged(f"the snapshot of seq {engine.seq} is not what the commands give", engine.seq)
    report.snapshots_checked.append(engine.seq)


def _events(journal: Journal, tenant: str, from_event_seq: int, last_event_seq: int) -> Iterator[EventRecord]:
    while from_event_seq <= last_event_seq:
        records = journal.read_events(tenant, from_event_seq, events_max=_EVENTS_AT_ONCE, bytes_max=2**24)
        for record in records:
            if record.event_seq > last_event_seq:
                return
            yield record
        if not records:
            return
        from_event_seq = records[-1].event_seq + 1
