"""From counters and pictures to what the Prometheus client writes out. Runs in the thread of whoever scrapes."""

import asyncio
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from acd_core.enums import CommandKind
from acd_core.snapshot import BEHAVIOUR_VERSION
from acd_core.views import AgentCounts, Line
from acd_service.clock import stopwatch_ns
from acd_service.config import Config
from acd_service.interceptor import CallInterceptor
from acd_service.journal_sqlite import SqliteJournal
from acd_service.meters import Histogram, Meters
from acd_service.metrics.catalogue import BY_NAME
from acd_service.metrics.picture import Picture, picture_of
from acd_service.service_error import ServiceError
from acd_service.tenant import Tenant

OTHER: Final = "(other)"
"""The label of what is summed since it has no series of its own."""
ANSWER_S_MAX: Final = 8.0
"""How long the event loop may take to answer a scrape; below the 10 s after which Prometheus gives up."""
_TENANTS_AT_ONCE: Final = 50
K = TypeVar("K")
V = TypeVar("V")
_RESULTS: Final = {
    "DUPLICATE": "duplicate", "OVERLOADED": "overloaded", "DEADLINE_PASSED": "deadline_passed",
    "SET_ASIDE": "set_aside",
}  # fmt: skip


@dataclass(slots=True)
class Sources:
    """Where the figures are found; what the service does not have yet, or no more, is None."""

    config: Config
    meters: Meters
    calls: CallInterceptor
    version: str
    tenants: Callable[[], Sequence[Tenant]]
    commands_waiting: Callable[[], int]
    is_serving: Callable[[], bool]
    journal: SqliteJournal | None = None
    recovery_s: float | None = None
    replayed: int = 0


class ServiceCollector(Collector):
    """Collects on demand. A loop that does not answer in time costs the figures of tenants, not the others."""

    def __init__(self, sources: Sources, loop: asyncio.AbstractEventLoop) -> None:
        self._sources = sources
        self._loop = loop

    def collect(self) -> Iterator[Metric]:
        """The service's metrics, in the order of the catalogue as far as there are any."""
        pictures = self._pictures()
        yield from self._of_the_process()
        yield from self._of_commands()
        yield from self._of_the_journal([picture.tenant for picture in pictures])
        yield from self._of_tenants(pictures)

    def _pictures(self) -> list[Picture]:
        """Of each tenant with series of its own, and of all others together."""
        asked = asyncio.run_coroutine_threadsafe(self._ask_tenants(), self._loop)
        try:
            return asked.result(ANSWER_S_MAX)
        except (TimeoutError, ServiceError):
            asked.cancel()
            return []

    async def _ask_tenants(self) -> list[Picture]:
        tenants, settings = self._sources.tenants(), self._sources.config.metrics
        pictures: list[Picture] = []
        for start in range(0, len(tenants), _TENANTS_AT_ONCE):
            pictures += await asyncio.gather(
                *(picture_of(tenant, settings.queues) for tenant in tenants[start : start + _TENANTS_AT_ONCE])
            )
        named = settings.tenants_max
        if len(pictures) <= named:
            return pictures
        others = pictures[named]
        for picture in pictures[named + 1 :]:
            others.add(picture)
        others.tenant = OTHER
        return [*pictures[:named], others]

    def _of_the_process(self) -> Iterator[Metric]:
        sources = self._sources
        build = _gauge("acd_build_info")
        build.add_metric([sources.version, str(BEHAVIOUR_VERSION), sources.config.engine, platform.python_version()], 1)
        yield build
        yield _gauge("acd_serving", float(sources.is_serving()))
        if sources.recovery_s is not None:
            yield _gauge("acd_recovery_seconds", sources.recovery_s)
            yield _gauge("acd_recovery_replayed_commands", sources.replayed)
        yield _counter("acd_calls_total", sources.calls.calls)
        yield _gauge("acd_calls_in_progress", sources.calls.in_flight)
        refused = _counter("acd_calls_refused_total")
        for labels, count in _steady(sources.meters.calls_refused):
            refused.add_metric(list(labels), count)
        yield refused
        seconds = _histogram("acd_call_seconds")
        for method, timing in _steady(sources.meters.calls_ns):
            _fill(seconds, [method], timing, 1e-9)
        yield seconds

    def _of_commands(self) -> Iterator[Metric]:
        meters = self._sources.meters
        commands, refused = _counter("acd_commands_total"), _counter("acd_commands_refused_total")
        for kind in CommandKind:
            commands.add_metric([kind.name.lower(), "accepted"], meters.accepted[kind])
        sums: dict[tuple[int, str], int] = {}
        for (number, why), count in _steady(meters.not_accepted):
            result = _RESULTS.get(why, "refused")
            sums[number, result] = sums.get((number, result), 0) + count
            if result == "refused":
                refused.add_metric([_kind(number), why], count)
        for (number, result), count in sums.items():
            commands.add_metric([_kind(number), result], count)
        yield commands
        yield refused
        yield _gauge("acd_commands_waiting", self._sources.commands_waiting())
        yield _gauge("acd_commands_waiting_limit", self._sources.config.waiting_commands_max)
        for name, histogram, scale in (
            ("acd_decision_seconds", meters.decision_ns, 1e-9),
            ("acd_batch_apply_seconds", meters.apply_ns, 1e-9),
            ("acd_batch_commands", meters.batch_commands, 1),
            ("acd_commit_seconds", meters.commit_ns, 1e-9),
            ("acd_long_work_seconds", meters.apart_ns, 1e-9),
            ("acd_event_loop_lag_seconds", meters.loop_lag_ns, 1e-9),
        ):
            family = _histogram(name)
            _fill(family, [], histogram, scale)
            yield family
        yield _gauge("acd_event_loop_stall_seconds", meters.stall_ns.value(stopwatch_ns()) * 1e-9)

    def _of_the_journal(self, tenants: Sequence[str]) -> Iterator[Metric]:
        journal = self._sources.journal
        data_dir = self._sources.config.data_dir
        if data_dir.exists():
            yield _gauge("acd_data_free_bytes", shutil.disk_usage(data_dir).free)
        if journal is None:
            return
        yield _gauge("acd_journal_bytes", journal.size_bytes())
        seqs, times, sizes = map(_gauge, ("acd_snapshot_seq", "acd_snapshot_timestamp_seconds", "acd_snapshot_bytes"))
        newest = journal.snapshots.newest()
        for tenant in tenants:
            if tenant in newest:
                seq, written_s, size = newest[tenant]
                seqs.add_metric([tenant], seq)
                times.add_metric([tenant], written_s)
                sizes.add_metric([tenant], size)
        yield from (seqs, times, sizes)

    def _of_tenants(self, pictures: Sequence[Picture]) -> Iterator[Metric]:
        yield _gauge("acd_tenants", sum(picture.of_tenants for picture in pictures))
        commands = _counter("acd_tenant_commands_total")
        contacts, agents, closed = _gauge("acd_contacts"), _gauge("acd_agents"), _counter("acd_segments_closed_total")
        violations = _counter("acd_invariant_violations_total")
        for picture in pictures:
            tenant = picture.tenant
            commands.add_metric([tenant, "accepted"], picture.commands_accepted)
            commands.add_metric([tenant, "refused"], picture.commands_refused)
            for state, count in picture.contacts.items():
                contacts.add_metric([tenant, state], count)
            for cause, count in picture.closed.items():
                closed.add_metric([tenant, cause], count)
            for presence, busy, count in _by_presence(picture.agents):
                agents.add_metric([tenant, presence, busy], count)
            for invariant, count in picture.violations.items():
                violations.add_metric([tenant, invariant], count)
        yield from (commands, contacts, closed, agents, violations)
        for name, value in (
            ("acd_last_seq", "seq"),
            ("acd_last_event_seq", "event_seq"),
            ("acd_policy_version", "policy_version"),
            ("acd_longest_wait_seconds", "longest_wait_ns"),
            ("acd_queues_with_contacts", "queues_with_contacts"),
            ("acd_subscribers", "subscribers"),
            ("acd_subscriber_lag_events", "subscriber_lag"),
            ("acd_figures_lag_events", "figures_lag"),
            ("acd_commands_set_aside", "set_aside"),
            ("acd_segments_opened_total", "opened"),
            ("acd_snapshot_failures_total", "snapshot_failures"),
        ):
            scale = 1e-9 if name.endswith("_seconds") else 1
            family = _counter(name) if BY_NAME[name].kind == "counter" else _gauge(name)
            for picture in pictures:
                family.add_metric([picture.tenant], getattr(picture, value) * scale)
            yield family
        yield from self._of_queues(pictures)

    def _of_queues(self, pictures: Sequence[Picture]) -> Iterator[Metric]:
        waiting, offered, longest = map(
            _gauge, ("acd_queue_waiting", "acd_queue_offered", "acd_queue_longest_wait_seconds")
        )
        lines = [
            (picture.now_ns - since_ns, labels, waits, offers)
            for picture in pictures
            for labels, (waits, offers, since_ns) in _by_queue(picture.lines).items()
        ]
        there = {labels for _, labels, _, _ in lines}
        lines += [(0, labels, 0, 0) for picture in pictures for labels in picture.named if labels not in there]
        settings = self._sources.config.metrics
        always = set(settings.queues)
        lines.sort(key=lambda line: (line[1][1] not in always, -line[0], line[1]))
        shown = sum(labels[1] in always for _, labels, _, _ in lines)
        for wait_ns, labels, waits, offers in lines[: max(settings.queues_max, shown)]:
            waiting.add_metric(list(labels), waits)
            offered.add_metric(list(labels), offers)
            longest.add_metric(list(labels), max(wait_ns, 0) * 1e-9)
        yield from (waiting, offered, longest)


def _kind(number: int) -> str:
    return CommandKind(number).name.lower() if number else "unknown"


def _by_queue(lines: Iterable[tuple[str, Line]]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Waiting, offered and the earliest begin, over the channels of each tenant's queue."""
    queues: dict[tuple[str, str], tuple[int, int, int]] = {}
    for tenant, line in lines:
        waiting, offered, since_ns = queues.get((tenant, line.queue_id), (0, 0, line.since_ns))
        queues[tenant, line.queue_id] = (
            waiting + line.waiting,
            offered + line.offered,
            min(since_ns, line.since_ns),
        )
    return queues


def _by_presence(agents: AgentCounts) -> Iterator[tuple[str, str, int]]:
    for presence, count, busy in (
        ("offline", agents.offline, agents.offline_busy),
        ("ready", agents.ready, agents.ready_busy),
        ("away", agents.away, agents.away_busy),
    ):
        yield presence, "true", busy
        yield presence, "false", count - busy


def _steady(growing: dict[K, V]) -> list[tuple[K, V]]:
    """The entries of a dictionary to which the event loop may be adding."""
    return list(growing.items())


def _gauge(name: str, value: float | None = None) -> GaugeMetricFamily:
    family = BY_NAME[name]
    return GaugeMetricFamily(name, family.help, value=value, labels=None if value is not None else family.labels)


def _counter(name: str, value: float | None = None) -> CounterMetricFamily:
    family = BY_NAME[name]
    return CounterMetricFamily(name, family.help, value=value, labels=None if value is not None else family.labels)


def _histogram(name: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, BY_NAME[name].help, labels=BY_NAME[name].labels)


def _fill(family: HistogramMetricFamily, labels: list[str], histogram: Histogram, scale: float) -> None:
    counts, total = list(histogram.counts), histogram.total
    buckets, so_far = [], 0
    for bound, count in zip((*histogram.bounds, None), counts, strict=True):
        so_far += count
        buckets.append(("+Inf" if bound is None else f"{bound * scale:g}", so_far))
    family.add_metric(labels, buckets, sum_value=total * scale)
