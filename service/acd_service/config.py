"""Settings of a service: frozen, with units and defaults, from a YAML file or from the command line."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

import yaml

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
    """host:port on the loopback interface, or unix:PATH; port 0 takes a free one."""
    clock: ClockKind = "wall"
    """`external`: callers say what time it is, in the metadata `acd-at-ns` of each mutating call."""
    seed: int = 0
    """Of the engine's random draws; kept in the journal, so that it only matters when the journal is made."""

    gather_ms: float = 1.0
    """How long to gather a batch when the last one was not small."""
    gather_above: int = 16
    """A batch of more commands than this is not small."""
    batch_commands_max: int = 4_096
    """Bounds the time that one batch holds up the loop, and the size of one transaction."""
    waiting_commands_max: int = 65_536
    """Commands taken but not yet applied; beyond it callers are told to come back."""
    calls_in_flight_max: int = 100_000
    """Calls being served at once, streams included."""

    snapshot_every_commands: int = 250_000
    """A snapshot is taken after so many commands: it bounds what a restart replays. 0 takes none by itself."""
    snapshots_kept: int = 2
    explain_commands_max: int = 2_000_000
    """Commands that are replayed at most to explain how things stood before an event."""
    events_kept_min: int = 0
    """After a snapshot, events older than this many are forgotten, and the commands that the oldest kept snapshot
    covers. 0 keeps everything."""

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
    figures_gather_ms: float = 100.0
    """How often events are counted while nobody asks: one transaction each time."""
    figures_start: FiguresStart = "resume"
    """`rebuild`: figures are thrown away at start and made anew from the events that the journal keeps."""

    stop_grace_s: float = 5.0
    """How long calls in progress may take to end when the service stops."""
    journal_vfs: str = ""
    """SQLite's file layer; empty for its default."""
    journal_synchronous: Synchronous = "FULL"
    """Anything but FULL loses acknowledged commands in a power cut: for measuring and for tests of the tests only."""
    engine: Literal["compiled", "reference"] = "compiled"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise BadConfig(f"{name}: must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                low = 0 if field.name in _MAY_BE_ZERO else 1e-3 if isinstance(value, float) else 1
                if not low <= value <= 2**64 - 1:
                    raise BadConfig(f"{field.name}: {value} is out of range, at least {low}")

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
        given = raw | {name: value for name, value in overrides.items() if value is not None}
        kinds: dict[str, Any] = {field.name: field.type for field in fields(cls)}
        for name, value in given.items():
            if name not in kinds:
                raise BadConfig(f"{path}: there is no setting {name!r}")
            kind = kinds[name]
            allowed = (int,) if kind is int else (int, float) if kind is float else (str, Path)
            if isinstance(value, bool) or not isinstance(value, allowed):
                raise BadConfig(f"{path}: {name}: {value!r} is not of the right kind")
        return cls(**(given | {"data_dir": Path(given.get("data_dir", DATA_DIR_DEFAULT))}))

    def with_listen(self, listen: str) -> Self:
        return replace(self, listen=listen)


_CHOICES: Final = {
    "clock": get_args(ClockKind),
    "journal_synchronous": get_args(Synchronous),
    "figures_start": get_args(FiguresStart),
    "engine": ("compiled", "reference"),
}
_MAY_BE_ZERO: Final = (
    "seed", "gather_ms", "figures_gather_ms", "snapshot_every_commands", "events_kept_min", "stop_grace_s",
)  # fmt: skip
