"""Takes a snapshot in a process of its own: restores the last one, replays what was committed since, writes the new.

Routing never pauses for it, and each snapshot proves a replay. Run as

    python -m acd_service.snapshotter --data DIR [--tenant default] [--engine compiled]

It prints a JSON object on standard output: seq, at_ns, state_digest, size_bytes.
"""

import argparse
import json
import logging
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from acd_service.engine_interface import engine_maker
from acd_service.journal import TENANT_DEFAULT, JournalError
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import EngineFailedOnReplay, replay_tail
from acd_service.snapshot_files import written


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot that is durable."""

    seq: int
    at_ns: int
    state_digest: str
    size_bytes: int


def take_snapshot(data_dir: Path, tenant: str, engine_kind: str) -> Taken:
    """Write a snapshot of what is committed now.

    Raises:
        JournalError: the journal does not replay; no snapshot was written.
        OSError: nor was one if it could not be written.
    """
    journal = SqliteJournal.open_to_read(data_dir)
    recovered = replay_tail(journal, tenant, engine_maker(engine_kind))
    engine = recovered.engine
    result = journal.save_snapshot(tenant, engine) if recovered.replayed else written(engine)
    return Taken(engine.seq, engine.now_ns, result.digest, result.size_bytes)


def main() -> int:
    parser = argparse.ArgumentParser(prog="acd_service.snapshotter", description="take a snapshot of a journal")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tenant", default=TENANT_DEFAULT)
    parser.add_argument("--engine", default="compiled", choices=("compiled", "reference"))
    options = parser.parse_args()
    os.nice(10)
    # What stands on standard error is why there is no snapshot; how far the replay is interests nobody there.
    logging.getLogger("acd_service.recovery").setLevel(logging.ERROR)
    try:
        taken = take_snapshot(options.data, options.tenant, options.engine)
    except EngineFailedOnReplay as error:
        # What the engine tripped over may quote what a caller sent, and this ends up in a log; `acd verify` tells all.
        sys.stderr.write(f"{type(error).__name__}: good through seq {error.good_through_seq}; see `acd verify`\n")
        return 1
    except (JournalError, OSError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(taken)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
