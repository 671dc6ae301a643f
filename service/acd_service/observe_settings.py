"""Settings of what operators see: metrics, logs and traces. Frozen, with units and defaults."""

from dataclasses import dataclass
from typing import Literal

LogFormat = Literal["people", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """What `/metrics` tells, and where."""

    listen: str = ""
    """host:port of the Prometheus endpoint, port 0 for a free one; empty for none. It needs no credentials and tells
    no customer data, but the names of queues and tenants: bind it where only monitoring comes."""
    queues_max: int = 100
    """Queues that have series of their own, those whose longest wait is longest; the sums of all have series too."""
    queues: tuple[str, ...] = ()
    """Queues that always have series of their own, before the others."""
    tenants_max: int = 100
    """Tenants that have series of their own, in the order of their admission; the others are summed in `(other)`."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged on standard error, and how."""

    format: LogFormat = "people"
    level: LogLevel = "warning"
    """`debug` has a line for each command that was committed."""
    customer_data: bool = False
    """Also log texts that may hold what callers sent: customers, attributes, addresses."""


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """OpenTelemetry traces; where they go is said by the usual OTEL_EXPORTER_OTLP_… variables."""

    enabled: bool = False
    """Needs the extra `otel`."""
    sample_share: float = 0.01
    """Of calls whose caller did not decide, this share is traced."""
