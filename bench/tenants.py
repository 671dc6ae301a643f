"""What many idle tenants take of a service: memory, threads, open files, and the time to make and to open them.

    python -m bench.tenants                     # 1,000 tenants of 100 agents: a minute or two
    python -m bench.tenants --tenants 100 --json

A service runs as in life, in a process of its own. The tenants are made over gRPC, one after the other, each with the
policy and the agents of the workload `small`, all of them ready. After they have rested the service is looked at from
outside; then it is started again on what it has kept, and looked at once more.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import Any, Final

import grpc

from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd_core.commands import Command, EnqueueContact
from bench.machine import machine, machine_line
from bench.recording import Recording
from bench.tenant_house import TenantHouse
from bench.workload import SMALL

TENANTS: Final = 1_000
RESIDENT_MIB_MAX: Final = 300
"""Target 12."""
_LOOK_S: Final = 3.0
_IDLE_SHARE: Final = 0.03
_REST_S_MAX: Final = 300.0
_MIB: Final = 2**20


def report(tenants: int) -> dict[str, Any]:
    """All figures, by the keys that bench/README.md documents."""
    at_start = machine()
    names = [f"tenant{number:04}" for number in range(tenants)]
    commands = _start_of_small()
    with tempfile.TemporaryDirectory(prefix="acd-tenants-") as folder:
        house = TenantHouse(Path(folder))
        with house:
            empty = seen(house.process.pid)
            took_ms = []
            with grpc.insecure_channel(house.address) as channel:
                for name in names:
                    began = time.perf_counter()
                    house.create(channel, name)
                    took_ms.append((time.perf_counter() - began) * 1e3)
                    house.give(channel, name, commands)
            _rest(house)
            made = seen(house.process.pid)
            _check_ready(house, names)
        began = time.perf_counter()
        with house:
            start_s = time.perf_counter() - began
            _rest(house)
            started = seen(house.process.pid)
            _check_ready(house, names)
    worst = max(made["rss_bytes"], started["rss_bytes"])
    return {
        "machine": at_start,
        "tenants": tenants,
        "agents_per_tenant": SMALL.agents,
        "empty": empty,
        "made": made,
        "started_again": started,
        "bytes_per_tenant": (worst - empty["rss_bytes"]) // tenants,
        "create_ms": round(median(took_ms), 2),
        "create_ms_max": round(max(took_ms), 2),
        "start_s": round(start_s, 2),
        "target": {
            "number": "12", "what": f"{tenants:,} tenants in a service, idle, resident", "unit": "MiB",
            "value": round(worst / _MIB, 1), "limit": RESIDENT_MIB_MAX, "met": worst <= RESIDENT_MIB_MAX * _MIB,
        },
    }  # fmt: skip


def seen(pid: int) -> dict[str, int]:
    """A process from outside: resident bytes, threads, open files."""
    folder = Path(f"/proc/{pid}")
    pages = int((folder / "statm").read_text().split()[1])
    return {
        "rss_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
        "threads": len(list((folder / "task").iterdir())),
        "open_files": len(list((folder / "fd").iterdir())),
    }


def _rest(house: TenantHouse) -> None:
    """Until the service has nothing more to do: figures are written in turn, what is not used is closed."""
    for _ in range(int(_REST_S_MAX / _LOOK_S)):
        before = house.process.cpu_s()
        time.sleep(_LOOK_S)
        if house.process.cpu_s() - before < _IDLE_SHARE * _LOOK_S:
            return
    raise RuntimeError(f"the service was not at rest after {_REST_S_MAX:.0f} s")


def _start_of_small() -> list[Command]:
    """Policy and agents of `small`, and each of them ready; no contacts."""
    start = (command for _, command in Recording.of(SMALL).start())
    return list(takewhile(lambda command: not isinstance(command, EnqueueContact), start))


def _check_ready(house: TenantHouse, names: list[str]) -> None:
    """That the first and the last tenant are what they should be: a service that lost them would be a small one."""
    with grpc.insecure_channel(house.address) as channel:
        for name in (names[0], names[-1]):
            status = AdminServiceStub(channel).GetStatus(GetStatusRequest(), metadata=house.caller(name), timeout=20)
            if status.counts.agents_ready != SMALL.agents:
                raise RuntimeError(f"{name} has {status.counts.agents_ready} agents ready, not {SMALL.agents}")


def text(found: dict[str, Any]) -> str:
    """The figures as a page for people."""
    lines = [machine_line(found["machine"]), "", f"{'':<16}{'MiB':>8}{'threads':>10}{'open files':>12}"]
    for key in ("empty", "made", "started_again"):
        row = found[key]
        name = key.replace("_", " ")
        lines.append(f"{name:<16}{row['rss_bytes'] / _MIB:>8.1f}{row['threads']:>10}{row['open_files']:>12}")
    target = found["target"]
    verdict = "met" if target["met"] else "not met"
    lines += [
        "",
        f"{found['tenants']:,} of {found['agents_per_tenant']} agents, {found['bytes_per_tenant']:,} bytes each",
        f"made in {found['create_ms']} ms (median, at most {found['create_ms_max']}), opened in {found['start_s']} s",
        f"target {target['number']}: {target['value']} MiB of {target['limit']}: {verdict}",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.tenants")
    parser.add_argument("--tenants", type=int, default=TENANTS, help="how many (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="keys as documented in bench/README.md")
    args = parser.parse_args()
    if not 1 <= args.tenants <= 9_000:
        parser.error("--tenants: 1 to 9,000")
    found = report(args.tenants)
    print(json.dumps(found, indent=1) if args.json else text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
