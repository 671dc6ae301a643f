"""Settings of a service: frozen, with units and defaults, from a YAML file or from the command line."""

from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

import yaml

from acd_service.access_settings import AccessSettings, TlsSettings
from acd_service.observe_settings import LogFormat, LogLevel, LogSettings, MetricsSettings, TraceSettings
from acd_service.tenant_settings import BadTenant, Quotas, check_name

ClockKind = Literal["wall", "external"]
Synchronous = Literal["FULL", "NORMAL", "OFF"]
FiguresStart = Literal["resume", "rebuild"]

LISTEN_DEFAULT: Final = "127.0.0.1:7007"
DATA_DIR_DEFAULT: Final = Path("data")


class BadConfig(ValueError):
    """A setting that does not exist, or whose value it cannot have; the message names it."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that an operator may set.

    Raises:
        BadConfig: naming the setting.
    """

    data_dir: Path = DATA_DIR_DEFAULT
    """Holds the journal, snapshots and the lock file; made if it is not there."""
    listen: str = LISTEN_DEFAULT
    """host:port, or unix:PATH; port 0 takes a free one. Beyond the loopback interface only with `tls` and `access`."""
    clock: ClockKind = "wall"
    """`external`: callers say what time it is, in the metadata `acd-at-ns` of each mutating call."""
    seed: int = 0
    """Of the engine's random draws; kept in the journal, so that it only matters when the journal is made."""

    gather_ms: float = 10.0
    """How long a command waits at most for others to share its commit with, when many were under way of late; and how
    far apart commits are that hold timers only."""
    batch_commands_max: int = 4_096
    """Bounds the time that one batch holds up the loop, and the size of one transaction."""
    waiting_commands_max: int = 65_536
    """Commands taken but not yet applied; beyond it callers are told to come back."""
    calls_in_flight_max: int = 100_000
    """Calls being served at once, streams included."""
    pending_calls_max: int = 512
    """Calls that gRPC holds before the service takes them up. Of more than this it turns some away, of more than twice
    as many all, as CANCELLED; they have changed nothing. It holds them in order of arrival: were it more than can be
    taken up within callers' deadlines, only calls that are about to be given up would be served."""
    keepalive_s: float = 30.0
    """A connection on which nothing came for so long is asked whether it is there."""
    keepalive_timeout_s: float = 10.0
    """And closed if it says nothing within this: its calls end, as if the client had hung up."""

    snapshot_every_commands: int = 250_000
    """A snapshot is taken after so many commands, but snapshots take a fifth of the time at most: it bounds what a
    restart replays. 0 takes none by itself."""
    snapshot_every_h: float = 24.0
    """And after so many hours, if there were commands since: what is forgotten by age lies before a snapshot."""
    snapshots_kept: int = 2
    explain_commands_max: int = 2_000_000
    """Commands that are replayed at most to explain how things stood before an event."""
    events_kept_min: int = 0
    """After a snapshot, events older than this many are forgotten, and the commands that the oldest kept snapshot
    covers. 0 sets no such bound."""
    journal_kept_days: float = 0.0
    """Commands that the oldest kept snapshot covers, and their events, are forgotten when they are so old; with
    `events_kept_min` too, that many events are kept though they be older. 0 sets no such bound."""
    journal_bytes_max: int = 0
    """When the journal is larger, the oldest commands that snapshots cover are forgotten with their events, whichever
    tenant's. 0 sets no such bound."""

    progress_s: float = 5.0
    """A subscriber hears at least so often how far the stream is."""
    recent_events_max: int = 65_536
    """Events kept in memory for subscribers; one that lags more reads the journal."""
    recent_bytes_max: int = 64 * 2**20
    message_events_max: int = 1_000
    message_bytes_max: int = 2**20
    """Most events, and about the most bytes, in one message to a subscriber: gRPC clients take 4 MiB unless told."""
    watch_updates_max: int = 1_024
    """Updates that wait for the reader of one contact's or agent's stream; beyond it the stream ends."""

    customers_max: int = 10_000_000
    """Customers in a tenant's directory."""

    figures_kept_days: int = 400
    """Intervals and agents' sessions that were over earlier are forgotten."""
    figures_gather_ms: float = 500.0
    """How often events are counted while nobody asks; under load more often, so that they are still in memory."""
    figures_start: FiguresStart = "resume"
    """`rebuild`: figures are thrown away at start and made anew from the events that the journal keeps."""

    stop_grace_s: float = 5.0
    """How long calls in progress may take to end when the service stops."""
    journal_vfs: str = ""
    """SQLite's file layer; empty for its default."""
    journal_synchronous: Synchronous = "FULL"
    """Anything but FULL loses acknowledged commands in a power cut: for measuring and for tests of the tests only."""
    engine: Literal["compiled", "reference"] = "compiled"

    tenants: dict[str, Quotas] = field(default_factory=dict)
    """Tenants that are made at start if they are not there yet, beside `default`, and their quotas."""

    tls: TlsSettings = field(default_factory=TlsSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    log: LogSettings = field(default_factory=LogSettings)
    traces: TraceSettings = field(default_factory=TraceSettings)

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value: Any = self
            for part in name.split("."):
                value = getattr(value, part)
            if value not in choices:
                raise BadConfig(f"{name}: must be one of {', '.join(choices)}, not {value!r}")
        _check_ranges(self, "")

    @classmethod
    def load(cls, path: Path, **overrides: Any) -> Self:
        """The settings in the YAML file `path`; `overrides` that are not None win.

        Raises:
            BadConfig: the file cannot be read, or names a setting that does not exist or cannot have that value.
        """
        try:
            raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise BadConfig(f"{path}: {error}") from None
        if not isinstance(raw, dict):
            raise BadConfig(f"{path}: a mapping of settings is expected")
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            settings = _settings(cls, raw, "") | given
        except BadConfig as error:
            raise BadConfig(f"{path}: {error}") from None
        return cls(**settings)

    def with_room(self, room: str, **given: Any) -> Self:
        """These settings with some of a room's (`metrics`, `log`, …) changed, those that are not None."""
        changed = {name: value for name, value in given.items() if value is not None}
        rooms: dict[str, Any] = {room: replace(getattr(self, room), **changed)}
        return replace(self, **rooms)


def _settings(kind: Any, raw: dict[Any, Any], place: str) -> dict[str, Any]:
    """The arguments for a class of settings from what a file says; rooms in it are made by the same rule."""
    kinds: dict[str, Any] = {entry.name: entry.type for entry in fields(kind)}
    settings: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in kinds:
            raise BadConfig(f"there is no setting {place + str(name)!r}")
        settings[name] = _value(kinds[name], value, f"{place}{name}")
    return settings


def _value(kind: Any, value: Any, name: str) -> Any:
    if is_dataclass(kind):
        if isinstance(value, dict):
            return kind(**_settings(kind, value, f"{name}."))  # type: ignore[operator]
    elif kind is bool:
        if isinstance(value, bool):
            return value
    elif kind == dict[str, Quotas]:
        if isinstance(value, dict):
            return {_tenant_name(key): _quotas(key, quotas) for key, quotas in value.items()}
    elif kind == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
    elif kind is Path:
        if isinstance(value, str | Path):
            return Path(value)
    else:
        allowed = (int,) if kind is int else (int, float) if kind is float else (str,)
        if isinstance(value, allowed) and not isinstance(value, bool):
            return value
    raise BadConfig(f"{name}: {value!r} is not of the right kind")


def _tenant_name(name: Any) -> str:
    try:
        return check_name(name)
    except BadTenant as error:
        raise BadConfig(f"tenants: {error.message}") from None


def _quotas(name: str, raw: Any) -> Quotas:
    try:
        return Quotas.of(raw)
    except BadTenant as error:
        raise BadConfig(f"tenants.{name}.{error}") from None


def _check_ranges(settings: Any, place: str) -> None:
    for entry in fields(settings):
        name, value = f"{place}{entry.name}", getattr(settings, entry.name)
        if is_dataclass(value):
            _check_ranges(value, f"{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            low = 0 if name in _MAY_BE_ZERO else 1e-3 if isinstance(value, float) else 1
            high = _HIGHEST.get(name, 2**64 - 1)
            if not low <= value <= high:
                raise BadConfig(f"{name}: {value} is out of range, at least {low}, at most {high}")


_CHOICES: Final = {
    "clock": get_args(ClockKind),
    "journal_synchronous": get_args(Synchronous),
    "figures_start": get_args(FiguresStart),
    "engine": ("compiled", "reference"),
    "log.format": get_args(LogFormat),
    "log.level": get_args(LogLevel),
}
_MAY_BE_ZERO: Final = (
    "seed", "gather_ms", "figures_gather_ms", "snapshot_every_commands", "snapshot_every_h", "events_kept_min",
    "journal_kept_days", "journal_bytes_max", "stop_grace_s", "metrics.queues_max", "traces.sample_share",
)  # fmt: skip
_HIGHEST: Final = {"metrics.queues_max": 10_000, "metrics.tenants_max": 10_000, "traces.sample_share": 1}
