# ruff: noqa: T201 (a command line prints)
"""Golden data directories: a journal with its snapshots, as some version wrote it, and what it has to come to.

    PYTHONPATH=tests:proto:service:. python -m long_life.golden                # reads all, says what each came to
    PYTHONPATH=tests:proto:service:. python -m long_life.golden --write NAME   # writes one as this program does

`NAME.tar.gz` is the directory, `NAME.json` what was recorded when it was written. Neither is ever written again: a new
format, behaviour version or kind of command gets a new one. Those of earlier formats were written by the program of
that time. One, `wrong`, was written by an engine that breaks a rule of routing, and says of itself that it does not.
"""

import argparse
import hashlib
import io
import json
import random
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from verification.adversary import Adversary
from verification.mixed import MixedAdversary
from verification.mutants import MUTANTS

from acd_core.commands import Command
from acd_core.enums import CommandKind
from acd_core.refusal import Refused
from acd_core.snapshot import BEHAVIOUR_VERSION
from acd_service import codec
from acd_service.codec.values import packed_attributes
from acd_service.engine_interface import EngineMaker, engine_maker
from acd_service.journal import JournalError
from acd_service.journal_sqlite import FORMAT_VERSION, SqliteJournal
from acd_service.recovery import recover
from acd_service.uncommitted import Uncommitted

FOLDER = Path(__file__).resolve().parent / "golden"
TENANTS: dict[str, tuple[type[Adversary], int, int]] = {
    "default": (Adversary, 7, 900),
    "acme": (MixedAdversary, 27, 1_100),
}
"""Of each tenant: the stream of its commands, the seed of the stream and of the engine, how many commands."""
WRONG = "wrong"
WRONG_BY = "PriorityReversed"
ASKED_BY = ("", "", "key:pbx", "müller")


@dataclass(slots=True)
class Record:
    """What a tenant's journal came to."""

    last_seq: int
    last_event_seq: int
    event_hash: str
    state_digest: str
    events_sha256: str
    """Over the contents of all events that are kept, in order, and of their numbers."""
    kinds: list[str] = field(default_factory=list)
    """The kinds of command that are kept."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A recorded directory."""

    name: str
    format_version: int
    behaviour_version: int
    tenants: dict[str, dict[str, Any]]

    @property
    def archive(self) -> Path:
        return FOLDER / f"{self.name}.tar.gz"

    def unpack(self, data_dir: Path) -> None:
        with tarfile.open(self.archive) as archive:
            archive.extractall(data_dir, filter="data")


class Differs(AssertionError):
    """A golden directory does not come to what was recorded."""


def goldens() -> list[Golden]:
    """All that are recorded."""
    return [Golden(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.json"))]


BY_NAME = {golden.name: golden for golden in goldens()}


def check(golden: Golden, data_dir: Path, engine: str = "compiled") -> None:
    """Open a golden that was unpacked, as a service would, and replay it from its first command.

    Raises:
        Differs: it comes to something else than was recorded.
        JournalError: it cannot be read, or does not replay.
    """
    for snapshot in (data_dir / "snapshots").glob("*"):
        snapshot.unlink()
    journal = SqliteJournal.open(data_dir)
    try:
        if set(journal.tenants()) != set(golden.tenants):
            raise Differs(f"{golden.name}: tenants {journal.tenants()}")
        for tenant, expected in golden.tenants.items():
            found = asdict(came_to(journal, tenant, engine_maker(engine)))
            if found != expected:
                wrong = {name: (expected[name], found[name]) for name in expected if expected[name] != found[name]}
                raise Differs(f"{golden.name}, tenant {tenant}: {wrong}")
    finally:
        journal.close()


def came_to(journal: SqliteJournal, tenant: str, make: EngineMaker) -> Record:
    """What a tenant's journal gives when it is replayed from what is kept.

    Raises:
        JournalError: it does not replay.
    """
    engine = recover(journal, tenant, make).engine
    extent = journal.extent(tenant)
    events, at = hashlib.sha256(), extent.oldest_event_seq
    while at <= extent.last_event_seq:
        for record in journal.read_events(tenant, at, events_max=10_000, bytes_max=2**26):
            events.update(f"{record.event_seq} {record.seq} {len(record.content)} ".encode() + record.content)
            at = record.event_seq + 1
    kinds = {codec.decode_record(record.content)[2].kind for record in journal.read(tenant, extent.oldest_seq)}
    return Record(
        engine.seq,
        engine.event_seq,
        f"{engine.event_hash:016x}",
        engine.state_digest(),
        events.hexdigest(),
        [CommandKind(kind).name for kind in sorted(kinds)],
    )


def _speakable(command: Command) -> Command:
    """The streams give attributes that no caller could have sent; these could be."""
    attributes = getattr(command, "attributes", None)
    if not attributes:
        return command
    fields = {name: getattr(command, name) for name in (*command.FIELDS, "request_id")}
    return type(command)(**fields | {"attributes": packed_attributes({"note": attributes.hex()})})


@dataclass(slots=True)
class _Seat:
    tenant: str
    engine: Any


def write_journal(data_dir: Path, engines: dict[str, Any], shorter: int) -> SqliteJournal:
    """A journal in which tenants' commands stand side by side, in commits of one command or many."""
    journal = SqliteJournal.open(data_dir)
    draw = random.Random(1)
    streams = {}
    for tenant, (stream, seed, count) in TENANTS.items():
        journal.admit(tenant, seed, {"agents_max": 50} if tenant != "default" else None)
        streams[tenant] = [stream(seed), count // shorter]
        engines[tenant].limits = streams[tenant][0].limits()
    while streams:
        made = Uncommitted()
        for tenant in draw.sample(sorted(streams), draw.choice((1, 1, len(streams)))):
            adversary, left = streams[tenant]
            seat = _Seat(tenant, engines[tenant])
            for _ in range(min(left, draw.choice((1, 1, 2, 3, 8, 40)))):
                left -= 1
                at_ns, command = adversary.next(seat.engine.next_timer())
                command = _speakable(command)
                try:
                    answer = seat.engine.apply(at_ns, command)
                except Refused:
                    continue
                adversary.learn(answer.events)
                if not answer.duplicate:
                    made.record(seat, command, answer, draw.choice(ASKED_BY))
            streams[tenant][1] = left
            if not left:
                del streams[tenant]
        if made:
            journal.append(made.batch())
        if draw.random() < 0.01:
            for tenant, engine in engines.items():
                journal.save_snapshot(tenant, engine)
                journal.snapshots.keep_newest(tenant, 1)
    return journal


def write(name: str) -> Golden:
    """Record a golden as this program writes it.

    Raises:
        FileExistsError: there is one of that name.
    """
    make = MUTANTS[WRONG_BY] if name == WRONG else engine_maker("compiled")
    with TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        engines = {tenant: make(seed) for tenant, (_, seed, _) in TENANTS.items()}
        journal = write_journal(data_dir, engines, 6 if name == WRONG else 1)
        tenants = {tenant: asdict(came_to(journal, tenant, make)) for tenant in engines}
        journal.close()
        golden = Golden(name, FORMAT_VERSION, BEHAVIOUR_VERSION, tenants)
        FOLDER.mkdir(exist_ok=True)
        with golden.archive.open("xb") as file:
            file.write(_packed(data_dir))
    text = json.dumps({slot: getattr(golden, slot) for slot in Golden.__slots__}, indent=1) + "\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    return golden


def _packed(data_dir: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=9) as archive:
        for path in sorted(data_dir.rglob("*")):
            if path.is_file() and path.name != "lock":
                archive.add(path, path.relative_to(data_dir))
    return packed.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m long_life.golden", description=__doc__.partition("\n")[0])
    parser.add_argument("--write", metavar="NAME", help="record one as this program writes it")
    options = parser.parse_args(arguments)
    if options.write:
        print(write(options.write))
        return 0
    failed = 0
    for golden in goldens():
        with TemporaryDirectory() as folder:
            golden.unpack(Path(folder))
            try:
                check(golden, Path(folder))
                outcome = "as recorded"
            except (Differs, JournalError) as error:
                outcome = f"caught: {error}"
            failed += (outcome == "as recorded") == (golden.name == WRONG)
            print(f"{golden.name}: format {golden.format_version}, behaviour {golden.behaviour_version}: {outcome}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
