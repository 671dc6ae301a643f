"""The layers of the architecture: who may import whom, and who may tell the time or do I/O."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "acd_core"
SERVICE = ROOT / "service" / "acd_service"

# From the bottom up; a layer may import itself and what is below. What is not named here (demo, simulation, replay, the
# checker) stands on the engine or speaks to the service as a client, and nothing of the service may stand on it. A
# room.file stands in another layer than the rest of its room.
LAYERS = [
    {
        "service_error",
        "config",
        "data_dir",
        "clock",
        "engine_interface",
        "observe_settings",
        "access_settings",
        "tenant_settings",
        "meters",
        "observer",
        "log_fields",
        "thinned_log",
        "lanes",
        "recent_room",
        "child",
        "opened_by_need",
        "shared_by_tenants",
    },
    {
        "codec",
        "customers",
        "figures",
        "yaml_document",
        "plan_file",
        "policy_file",
        "roster_file",
        "row_file",
        "policy_lint",
        "opening_times",
        "series",
        "reconciling",
        "released",
        "invariants",
    },
    {
        "journal",
        "journal_format",
        "sums",
        "chain",
        "chain_rows",
        "journal_reader",
        "journal_upgrade",
        "journal_transaction",
        "commit_thread",
        "high_water",
        "journal_end",
        "journal_sqlite",
        "erasing.links",
        "snapshot_files",
        "set_aside",
        "standing",
        "errors",
        "ready_refusals",
        "batches",
    },
    {
        "recovery",
        "sequencer",
        "batch_taken",
        "writer_thread",
        "timetable",
        "uncommitted",
        "inbound",
        "gathering",
        "applying",
        "long_work",
        "asking",
        "taken",
        "busyness",
        "seat",
        "watchers",
        "fanout",
        "snapshotter",
        "snapshot_schedule",
        "journal_search",
        "retention",
        "erasing",
        "sqlite_copy",
        "backup",
        "behaviour_upgrade",
        "restore",
        "verify",
        "chain_check",
        "anchor",
        "tenant",
        "hosting",
        "upkeep",
        "moving",
        "metering",
        "opening",
        "kept_lines",
        "past",
        "figures.keeper",
        "figures.kept",
    },
    {"identity"},
    {"interceptor"},
    {"rpc", "logs", "metrics", "observing", "tracing"},
    {"server"},
    {"cli"},
]
MAY_IMPORT_THE_WIRE = {"codec", "errors", "rpc", "server", "cli"}
NOT_FOR_THE_ENGINE = {
    "asyncio", "concurrent", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "select", "shutil", "signal", "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
    "uuid", "grpc", "google", "acd", "acd_service", "apsw", "sqlite3", "yaml", "click", "rich",
}  # fmt: skip


def modules_imported(path: Path) -> set[str]:
    """Full names of what a source file imports; compiled sources are read line by line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".pyx", ".pxd"):
        found = re.findall(r"^\s*(?:from\s+([\w.]+)\s+c?import|c?import\s+([\w.]+))", text, re.MULTILINE)
        return {name or other for name, other in found}
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(path: Path) -> str:
    return path.relative_to(SERVICE).parts[0].partition(".")[0]


def tells_the_time(path: Path) -> bool:
    """Whether a file could learn what time it is; days and times of day as values are no clock."""
    roots = {name.split(".")[0] for name in modules_imported(path)}
    asks = re.search(r"\.(now|today|utcnow)\(", path.read_text(encoding="utf-8")) is not None
    return "time" in roots or ("datetime" in roots and asks)


def sources(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".pyx", ".pxd", ".pyi"))


@pytest.mark.parametrize("path", sources(CORE), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_imports_nothing_that_does_io_or_tells_the_time(path):
    roots = {name.split(".")[0] for name in modules_imported(path)}
    assert not roots & NOT_FOR_THE_ENGINE
    assert not tells_the_time(path)


def test_every_room_of_the_service_stands_on_those_below():
    level = {room: index for index, rooms in enumerate(LAYERS) for room in rooms}
    wrong = []
    for path in sources(SERVICE):
        room = room_of(path)
        for name in modules_imported(path):
            parts = name.split(".")
            if parts[0] != "acd_service" or len(parts) < 2:
                continue
            other = parts[1]
            if room == "cli" or room not in level:
                continue
            mine = level.get(f"{room}.{path.stem}", level[room])
            other = ".".join(parts[1:3]) if ".".join(parts[1:3]) in level else other
            if level.get(other, len(LAYERS)) > mine:
                wrong.append(f"{room} imports {other}")
    assert not wrong


def test_only_some_rooms_know_the_wire():
    rooms = {room for layer in LAYERS for room in layer} - MAY_IMPORT_THE_WIRE
    wrong = [
        f"{room_of(path)} imports {name}"
        for path in sources(SERVICE)
        if room_of(path) in rooms
        for name in modules_imported(path)
        if name.split(".")[0] == "acd"
    ]
    assert not wrong


def test_the_clock_is_the_only_reader_of_time():
    rooms = {room for layer in LAYERS for room in layer} - {"clock", "cli"}
    wrong = [path for path in sources(SERVICE) if room_of(path) in rooms and tells_the_time(path)]
    assert not wrong


def test_the_rooms_named_here_are_there():
    rooms = {room_of(path) for path in sources(SERVICE)}
    assert {room.partition(".")[0] for layer in LAYERS for room in layer} <= rooms
