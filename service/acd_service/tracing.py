"""OpenTelemetry traces: a span for each call with one answer; in it how its command waits, is applied and committed.

Imported only if traces are enabled. Where spans go is said by OpenTelemetry's own variables, as
OTEL_EXPORTER_OTLP_ENDPOINT. Spans hold what logs do, and no data of customers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib import metadata
from typing import Any, Final, NamedTuple

from acd_core.commands import Command
from acd_core.enums import CommandKind
from acd_core.refusal import Refused
from acd_service.clock import stopwatch_ns, unix_s
from acd_service.config import BadConfig
from acd_service.observe_settings import TraceSettings
from acd_service.observer import BatchTimes, Passing

try:
    from opentelemetry import context as otel_context
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError as error:
    raise BadConfig(f"traces.enabled: the extra `otel` is not installed ({error.name})") from None

_FLUSH_MS: Final = 5_000
Behaviour = Callable[[Any, Any], Awaitable[Any]]


class _Note(NamedTuple):
    """Of a command whose call is traced."""

    parent: otel_context.Context
    arrived_ns: int
    """By the stopwatch."""


class Tracing:
    """An observer of the sequencer that makes spans. Calls that nobody asked to trace cost it a look at the sampler.

    Args:
        exporter: where spans go; None for what OpenTelemetry's variables say.

    Raises:
        BadConfig: the exporter cannot be made.
    """

    def __init__(self, settings: TraceSettings, exporter: SpanExporter | None = None) -> None:
        self._provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(settings.sample_share),
            resource=Resource.create({"service.name": "acd"} | _named_by_operator()),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter or _otlp_exporter()))
        self._tracer = self._provider.get_tracer("acd", _version())
        self._propagator = TraceContextTextMapPropagator()
        self._epoch_ns = int(unix_s() * 1e9) - stopwatch_ns()

    def around(self, method: str, behaviour: Behaviour) -> Behaviour:
        """The handler of a call with one answer, within a span that goes on where the caller's trace is."""
        service, _, name = method.rpartition("/")
        named = {"rpc.system": "grpc", "rpc.service": f"acd.v1.{service}", "rpc.method": name}

        async def traced(request: Any, context: Any) -> Any:
            sent = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
            parent = self._propagator.extract(sent)
            with self._tracer.start_as_current_span(
                method,
                context=parent,
                kind=trace.SpanKind.SERVER,
                attributes=named,
                # Messages of errors may quote what the caller sent.
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                try:
                    return await behaviour(request, context)
                except asyncio.CancelledError:
                    span.set_attribute("error.type", "CANCELLED")
                    raise
                except Exception as error:
                    span.set_attribute("error.type", _type_of(error))
                    if not isinstance(error, Refused):
                        span.set_status(trace.StatusCode.ERROR)
                    raise

        return traced

    def arrived(self, command: Command) -> object:  # noqa: ARG002 - the batch has it
        if not trace.get_current_span().is_recording():
            return None
        return _Note(otel_context.get_current(), stopwatch_ns())

    def released(self, batch: Sequence[Passing], times: BatchTimes) -> None:
        for taken in batch:
            note = taken.note
            if not isinstance(note, _Note):
                continue
            command, answer = taken.command, taken.answer
            facts: dict[str, Any] = {"acd.tenant": taken.tenant, "acd.kind": CommandKind(command.kind).name}
            if command.request_id:
                facts["acd.request_id"] = command.request_id
            if answer is not None:
                facts |= {"acd.seq": answer.seq, "acd.duplicate": answer.duplicate}
            elif taken.error is not None:
                facts["error.type"] = _type_of(taken.error)
            trace.get_current_span(note.parent).set_attributes(facts)
            self._span("wait", note, note.arrived_ns, times.began_ns)
            self._span("apply", note, times.began_ns, times.applied_ns, {"acd.batch_commands": len(batch)})
            self._span("commit", note, times.applied_ns, times.committed_ns)

    def _span(self, name: str, note: _Note, began_ns: int, ended_ns: int, facts: dict[str, Any] | None = None) -> None:
        span = self._tracer.start_span(
            name, context=note.parent, attributes=facts, start_time=self._epoch_ns + began_ns
        )
        span.end(self._epoch_ns + max(began_ns, ended_ns))

    def close(self) -> None:
        """Send what is left; blocks for some seconds at most."""
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()


def _type_of(error: BaseException) -> str:
    return error.reason.value if isinstance(error, Refused) else type(error).__name__


def _otlp_exporter() -> SpanExporter:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise BadConfig(f"traces.enabled: the extra `otel` is not installed ({error.name})") from None
    exporter: SpanExporter = OTLPSpanExporter()
    return exporter


def _named_by_operator() -> dict[str, str]:
    """OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over the name given here."""
    given = Resource.create({}).attributes
    name = given.get("service.name", "")
    return {} if str(name).startswith("unknown_service") or not name else {"service.name": str(name)}


def _version() -> str:
    try:
        return metadata.version("acd-routing-core")
    except metadata.PackageNotFoundError:
        return "unknown"
