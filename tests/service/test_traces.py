"""Traces: what spans there are and how they hang together; nothing of it where traces are off."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from acd.v1 import (
    contact_commands_pb2,
    policy_commands_pb2,
    policy_pb2,
    policy_service_pb2_grpc,
    routing_service_pb2_grpc,
)
from acd_service.config import Config
from acd_service.observe_settings import TraceSettings
from acd_service.server import Server

SECRET = "Erika-Mustermann"
TRACE_ID, PARENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = (("traceparent", f"00-{TRACE_ID}-{PARENT_ID}-01"),)


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Runs calls against a service in this process, and gives the spans that it sent."""
    memory = pytest.importorskip(
        "opentelemetry.sdk.trace.export.in_memory_span_exporter", reason="the extra `otel` is not installed"
    )
    exporter = memory.InMemorySpanExporter()
    monkeypatch.setattr("acd_service.tracing._otlp_exporter", lambda: exporter)

    def run(calls: Callable[[Any, Any], Any], sample_share: float = 1) -> list[Any]:
        async def serve() -> None:
            traces = TraceSettings(enabled=True, sample_share=sample_share)
            server = Server(Config(data_dir=tmp_path / "data", listen="127.0.0.1:0", traces=traces))
            await server.start()
            try:
                async with grpc.aio.insecure_channel(server.address) as channel:
                    policies = policy_service_pb2_grpc.PolicyServiceStub(channel)
                    policy = policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id="sales")])
                    await policies.ApplyPolicy(policy_commands_pb2.ApplyPolicyRequest(policy=policy))
                    await calls(channel, routing_service_pb2_grpc.RoutingServiceStub(channel))
            finally:
                await server.stop()

        asyncio.run(serve())
        return list(exporter.get_finished_spans())

    return run


async def one_call(_channel: Any, routing: Any) -> None:
    request = contact_commands_pb2.EnqueueContactRequest(
        contact_id="call-1", request_id="req-1", queue_id="sales", customer_id=SECRET, attributes={"name": SECRET}
    )
    await routing.EnqueueContact(request, metadata=SAMPLED)


def named(spans: list[Any], name: str) -> list[Any]:
    return [span for span in spans if span.name == name]


def test_a_call_holds_its_wait_its_application_and_its_commit(traced) -> None:
    spans = traced(one_call)
    (call,) = named(spans, "RoutingService/EnqueueContact")
    assert f"{call.context.trace_id:032x}" == TRACE_ID  # the caller's trace goes on
    assert f"{call.parent.span_id:016x}" == PARENT_ID
    assert call.attributes["acd.request_id"] == "req-1"
    assert call.attributes["acd.tenant"] == "default"
    assert call.attributes["acd.kind"] == "ENQUEUE_CONTACT"
    assert call.attributes["acd.seq"] > 0
    inner = [span for span in spans if span.parent and span.parent.span_id == call.context.span_id]
    assert [span.name for span in sorted(inner, key=lambda span: span.start_time)] == ["wait", "apply", "commit"]
    wait, apply, commit = sorted(inner, key=lambda span: span.start_time)
    assert wait.end_time == apply.start_time
    assert apply.end_time == commit.start_time
    assert commit.end_time > commit.start_time


def test_a_refusal_is_named_and_nothing_of_the_customer_is_told(traced) -> None:
    async def calls(_channel: Any, routing: Any) -> None:
        request = contact_commands_pb2.EnqueueContactRequest(queue_id=SECRET, customer_id=SECRET)
        with pytest.raises(grpc.RpcError):
            await routing.EnqueueContact(request)
        await one_call(_channel, routing)

    spans = traced(calls)
    refused, _ = named(spans, "RoutingService/EnqueueContact")
    assert refused.attributes["error.type"] == "UNKNOWN_QUEUE"
    for span in spans:
        assert SECRET not in span.to_json()


def test_what_is_not_sampled_is_not_sent(traced) -> None:
    async def calls(_channel: Any, routing: Any) -> None:
        for _ in range(5):
            await routing.EnqueueContact(contact_commands_pb2.EnqueueContactRequest(queue_id="sales"))

    assert traced(calls, sample_share=0) == []


def test_nothing_is_imported_while_traces_are_off() -> None:
    code = "import sys, acd_service.server; sys.exit(any(n.startswith('opentelemetry') for n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_service_without_the_extra_says_so(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from acd_service.server import main\n"
        f"sys.argv = ['x', '--data', {str(tmp_path / 'data')!r}, '--config', {str(tmp_path / 'c.yaml')!r},"
        " '--listen', '127.0.0.1:0']\n"
        "sys.exit(main())"
    )
    (tmp_path / "c.yaml").write_text("traces: {enabled: true}\n")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 2
    assert "the extra `otel` is not installed" in ran.stderr
