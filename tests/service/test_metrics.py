"""What Prometheus gets from a running service, read as Prometheus reads it."""

import asyncio
import contextlib
import http.client
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from acd.v1 import (
    admin_service_pb2,
    contact_commands_pb2,
    event_service_pb2,
    policy_pb2,
    routing_service_pb2,
)
from acd_core.views import AgentCounts, Line
from acd_service.config import Config
from acd_service.interceptor import CallInterceptor
from acd_service.meters import Meters
from acd_service.metrics.catalogue import FAMILIES, PROCESS_METRICS
from acd_service.metrics.endpoint import REQUESTS_MAX, MetricsEndpoint
from acd_service.metrics.exposition import ServiceCollector, Sources
from acd_service.metrics.picture import Picture
from acd_service.observe_settings import MetricsSettings
from acd_service.service_error import Stopping


class Scrape:
    """One answer of `/metrics`, by the names that queries use."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]
        self.names = {sample.name for sample in self.samples}

    def value(self, name: str, **labels: str) -> float:
        found = [sample.value for sample in self.samples if sample.name == name and sample.labels == labels]
        assert len(found) == 1, (name, labels, found)
        return found[0]

    def labels_of(self, name: str, label: str) -> list[str]:
        return [sample.labels[label] for sample in self.samples if sample.name == name]


@pytest.fixture
def start(make_service: Callable[..., Any], tmp_path: Path) -> Callable[..., tuple[Any, Callable[[], Scrape]]]:
    """A service with metrics, a client of it, and how to scrape it."""

    def run(more: dict[str, Any] | None = None, **metrics: Any) -> tuple[Any, Callable[[], Scrape]]:
        config = tmp_path / "acd.yaml"
        settings = (more or {}) | {
            "metrics": {"listen": "127.0.0.1:0"} | metrics,
            "log": {"format": "json", "level": "info"},
        }
        config.write_text(json.dumps(settings))
        service = make_service("--config", str(config))
        client = service.start()
        lines = [json.loads(line) for line in service.stderr_path.read_text().splitlines()]
        (url,) = [line["message"].removeprefix("metrics at ") for line in lines if "metrics at" in line["message"]]

        def scrape() -> Scrape:
            with urllib.request.urlopen(url, timeout=20) as answer:
                assert answer.headers["Content-Type"].startswith("text/plain")
                return Scrape(answer.read().decode())

        scrape.url = url  # type: ignore[attr-defined]
        return client, scrape

    return run


def test_a_scrape_tells_what_happened(start, failure_of) -> None:
    client, scrape = start()
    client.apply_policy(policy_pb2.Queue(queue_id="sales", offer_timeout={"seconds": 3600}))
    client.sign_on("ann")
    for _ in range(2):  # the second is a repetition
        client.enqueue("c1", request_id="r1")
    client.enqueue("c2")
    client.enqueue("c3")
    failure_of(lambda: client.enqueue("c4", queue_id="nowhere"))
    client.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id="c3"))
    client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    stream = client.events.Subscribe(event_service_pb2.SubscribeRequest(from_event_seq=1), timeout=20)
    next(stream)
    seen = scrape()
    stream.cancel()

    kind = "enqueue_contact"
    assert seen.value("acd_commands_total", kind=kind, result="accepted") == 3
    assert seen.value("acd_commands_total", kind=kind, result="duplicate") == 1
    assert seen.value("acd_commands_total", kind=kind, result="refused") == 1
    assert seen.value("acd_commands_refused_total", kind=kind, reason="UNKNOWN_QUEUE") == 1
    assert seen.value("acd_calls_refused_total", method="RoutingService/EnqueueContact", reason="UNKNOWN_QUEUE") == 1
    assert seen.value("acd_call_seconds_count", method="RoutingService/EnqueueContact") == 5
    assert seen.value("acd_contacts", tenant="default", state="waiting") == 1
    assert seen.value("acd_contacts", tenant="default", state="offered") == 1
    assert seen.value("acd_agents", tenant="default", presence="ready", busy="true") == 1
    assert seen.value("acd_agents", tenant="default", presence="ready", busy="false") == 0
    assert seen.value("acd_queue_waiting", tenant="default", queue="sales") == 1
    assert seen.value("acd_queue_offered", tenant="default", queue="sales") == 1
    longest = seen.value("acd_queue_longest_wait_seconds", tenant="default", queue="sales")
    assert 0 < longest <= seen.value("acd_longest_wait_seconds", tenant="default") < 60
    assert seen.value("acd_segments_opened_total", tenant="default") == 3
    assert sum(s.value for s in seen.samples if s.name == "acd_segments_closed_total") == 1
    assert seen.value("acd_subscribers", tenant="default") == 1
    status = client.status()
    assert seen.value("acd_last_seq", tenant="default") == status.seq
    assert seen.value("acd_last_event_seq", tenant="default") == status.event_seq
    assert seen.value("acd_snapshot_seq", tenant="default") == status.seq
    assert seen.value("acd_serving") == 1
    assert seen.value("acd_batch_commands_sum") == status.counters["commands"] + 2  # the repetition and the refused one
    assert seen.value("acd_commit_seconds_count") == status.counters["batches"]
    for name in ("numbering", "time", "life", "conservation"):
        assert seen.value("acd_invariant_violations_total", tenant="default", invariant=name) == 0


def test_every_metric_of_the_catalogue_is_there_with_its_labels(start, failure_of) -> None:
    client, scrape = start()
    client.apply_policy()
    client.enqueue("c1")
    failure_of(lambda: client.enqueue("c2", queue_id="nowhere"))
    client.admin.TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
    seen = scrape()
    for family in FAMILIES:
        found = seen.families[family.name.removesuffix("_total")]
        assert found.type == family.kind, family.name
        assert found.documentation == family.help
        assert found.samples, family.name
        for sample in found.samples:
            assert set(sample.labels) - {"le"} == set(family.labels), sample
    assert set(PROCESS_METRICS) <= seen.names
    ours = {f"{name}_total" if family.type == "counter" else name for name, family in seen.families.items()}
    assert {name for name in ours if name.startswith("acd_")} == {family.name for family in FAMILIES}


def test_histograms_are_whole(start) -> None:
    client, scrape = start()
    client.apply_policy()
    for _ in range(5):
        client.enqueue()
    seen = scrape()
    for family in (family for family in FAMILIES if family.kind == "histogram"):
        series: dict[str, list[tuple[float, float]]] = {}
        for sample in seen.families[family.name].samples:
            if sample.name.endswith("_bucket"):
                key = sample.labels.get("method", "")
                series.setdefault(key, []).append((float(sample.labels["le"]), sample.value))
        for key, buckets in series.items():
            assert buckets == sorted(buckets)
            assert [count for _, count in buckets] == sorted(count for _, count in buckets)
            labels = {"method": key} if key else {}
            assert seen.value(f"{family.name}_count", **labels) == buckets[-1][1]


def test_only_so_many_queues_have_series_of_their_own(start) -> None:
    client, scrape = start(queues_max=3, queues=["q4", "empty", "nowhere"])
    queues = [f"q{number}" for number in range(6)]
    client.apply_policy(*(policy_pb2.Queue(queue_id=name) for name in (*queues, "empty")))
    for name in queues:
        client.enqueue(queue_id=name)
    seen = scrape()
    # Those that are named, and of the others the one where somebody waits longest.
    assert sorted(seen.labels_of("acd_queue_waiting", "queue")) == ["empty", "q0", "q4"]
    assert seen.value("acd_queue_waiting", tenant="default", queue="empty") == 0
    assert seen.value("acd_contacts", tenant="default", state="waiting") == 6
    assert seen.value("acd_queues_with_contacts", tenant="default") == 6


def test_commands_of_a_batch_are_counted_like_others(start) -> None:
    client, scrape = start()
    client.apply_policy()
    batch = routing_service_pb2.DispatchRequest(batch_id=1)
    for number, queue_id in enumerate(("sales", "sales", "nowhere")):
        enqueue = contact_commands_pb2.EnqueueContactRequest(contact_id=f"c{number}", queue_id=queue_id)
        batch.commands.add().enqueue_contact.CopyFrom(enqueue)
    batch.commands.add().enqueue_contact.CopyFrom(batch.commands[0].enqueue_contact)  # c0 again
    (answer,) = client.routing.Dispatch(iter([batch]), timeout=20)
    assert len(answer.results) == 4
    seen = scrape()
    kind = "enqueue_contact"
    assert seen.value("acd_commands_total", kind=kind, result="accepted") == 2
    assert seen.value("acd_commands_total", kind=kind, result="duplicate") == 1
    assert seen.value("acd_commands_total", kind=kind, result="refused") == 1
    assert seen.value("acd_commands_refused_total", kind=kind, reason="UNKNOWN_QUEUE") == 1
    assert seen.value("acd_decision_seconds_count") == 5
    assert seen.value("acd_contacts", tenant="default", state="waiting") == 2


def test_callers_who_are_sent_away_are_counted(start) -> None:
    client, scrape = start({"waiting_commands_max": 1})
    client.apply_policy()
    request = contact_commands_pb2.EnqueueContactRequest(queue_id="sales")
    sent_away = accepted = 0
    while not sent_away:
        calls = [client.routing.EnqueueContact.future(request) for _ in range(100)]
        codes = [call.code() for call in calls]
        assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
        sent_away += codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED)
        accepted += codes.count(grpc.StatusCode.OK)
    seen = scrape()
    assert seen.value("acd_commands_total", kind="enqueue_contact", result="overloaded") == sent_away
    assert seen.value("acd_commands_total", kind="enqueue_contact", result="accepted") == accepted
    assert (
        seen.value("acd_calls_refused_total", method="RoutingService/EnqueueContact", reason="OVERLOADED") == sent_away
    )
    assert seen.value("acd_commands_waiting_limit") == 1


def test_other_paths_are_not_there(start) -> None:
    _, scrape = start()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(scrape.url.replace("/metrics", "/other"), timeout=20)


def test_without_a_place_for_them_there_are_no_metrics(make_service) -> None:
    service = make_service("--verbose")
    service.start()
    assert "metrics" not in service.stderr_path.read_text()


@pytest.mark.parametrize("listen", ["7008", "127.0.0.1:http", "127.0.0.1:70000", "192.0.2.1:0"])
def test_an_address_that_cannot_be_is_named(make_service, tmp_path, did_not_start, listen) -> None:
    (tmp_path / "acd.yaml").write_text(json.dumps({"metrics": {"listen": listen}}))
    with pytest.raises(did_not_start) as failed:
        make_service("--config", str(tmp_path / "acd.yaml")).start()
    assert failed.value.status == 2
    assert "metrics.listen" in failed.value.stderr


def picture(tenant: str, seq: int) -> Picture:
    """One of a tenant with a contact that has waited for `seq` seconds in the queue `q`."""
    line = Line("q", "voice", 1, 0, 10**9)
    return Picture(
        tenant=tenant, commands_accepted=seq, commands_refused=0, seq=seq, event_seq=seq, policy_version=1,
        contacts={"waiting": 1}, opened=1, closed={"lost": 1}, agents=AgentCounts(1, 2, 3, 0, 1, 0),
        lines=((tenant, line),), named=(), longest_wait_ns=seq * 10**9, queues_with_contacts=1,
        now_ns=(seq + 1) * 10**9, subscribers=1, subscriber_lag=seq, figures_lag=0, violations={"life": 0},
        set_aside=0, snapshot_failures=0,
    )  # fmt: skip


def test_tenants_beyond_the_bound_are_summed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def pictured(tenant: Any, _queues: Any) -> Picture:
        return picture(f"t{tenant}", seq=tenant)

    monkeypatch.setattr("acd_service.metrics.exposition.picture_of", pictured)
    config = Config(data_dir=tmp_path, metrics=MetricsSettings(tenants_max=2))
    sources = Sources(config, Meters(), CallInterceptor(1), "0", lambda: range(1, 131), lambda: 0, lambda: True)
    sources.meters.count(0, "INVALID_VALUE")  # a command that could not be read has no kind

    async def collect() -> str:
        registry = CollectorRegistry()
        registry.register(ServiceCollector(sources, asyncio.get_running_loop()))
        return await asyncio.to_thread(lambda: generate_latest(registry).decode())

    seen = Scrape(asyncio.run(collect()))
    assert seen.value("acd_tenants") == 130
    assert seen.labels_of("acd_last_seq", "tenant") == ["t1", "t2", "(other)"]
    assert seen.value("acd_contacts", tenant="(other)", state="waiting") == 128
    assert seen.value("acd_agents", tenant="(other)", presence="ready", busy="true") == 128
    assert seen.value("acd_tenant_commands_total", tenant="(other)", result="accepted") == sum(range(3, 131))
    assert seen.value("acd_longest_wait_seconds", tenant="(other)") == 130
    assert seen.value("acd_subscriber_lag_events", tenant="(other)") == 130
    assert len(seen.labels_of("acd_queue_waiting", "queue")) == config.metrics.queues_max
    assert seen.value("acd_commands_refused_total", kind="unknown", reason="INVALID_VALUE") == 1


def test_a_loop_that_does_not_answer_costs_the_figures_of_tenants_only(tmp_path: Path) -> None:
    class Failed:
        """A tenant of a service that has failed."""

        class lines:  # noqa: N801
            @staticmethod
            async def get() -> None:
                raise Stopping("it has failed")

    config = Config(data_dir=tmp_path)
    sources = Sources(config, Meters(), CallInterceptor(1), "0", lambda: [Failed], lambda: 3, lambda: False)

    async def collect() -> str:
        registry = CollectorRegistry()
        registry.register(ServiceCollector(sources, asyncio.get_running_loop()))
        return await asyncio.to_thread(lambda: generate_latest(registry).decode())

    seen = Scrape(asyncio.run(collect()))
    assert (seen.value("acd_serving"), seen.value("acd_commands_waiting")) == (0, 3)
    assert "acd_last_seq" not in seen.names


def test_ready_says_whether_calls_are_let_in(tmp_path: Path) -> None:
    serving = [False]
    endpoint = MetricsEndpoint("127.0.0.1:0", CollectorRegistry(), lambda: serving[0])
    endpoint.start()
    try:
        url = f"http://{endpoint.address}/ready"
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(url, timeout=20)
        serving[0] = True
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert answer.read() == b"1\n"
    finally:
        endpoint.stop()


def test_only_so_many_ask_at_once() -> None:
    endpoint = MetricsEndpoint("127.0.0.1:0", CollectorRegistry(), lambda: True)
    endpoint.start()
    host, port = endpoint.address.split(":")
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(REQUESTS_MAX):  # they connect and say nothing
                stack.enter_context(socket.create_connection((host, int(port)), timeout=20)).sendall(b"GET")
            with pytest.raises((urllib.error.URLError, http.client.HTTPException, ConnectionError)):
                urllib.request.urlopen(f"http://{endpoint.address}/ready", timeout=20)
    finally:
        endpoint.stop()
