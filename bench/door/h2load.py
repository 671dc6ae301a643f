"""`h2load`, a load generator that costs less than what it measures: posts one fixed body, logs every request."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOW_TO_INSTALL: Final = "h2load is not installed; on Debian: apt-get install nghttp2-client"
_SECONDS: Final = re.compile(r"^finished in ([0-9.]+)(us|ms|s), ", re.MULTILINE)
_SUCCEEDED: Final = re.compile(r"(\d+) done, (\d+) succeeded")
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


class NoH2load(RuntimeError):
    """It is not installed; the message says how to."""


class LoadFailed(RuntimeError):
    """A request was not answered."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How many requests are under way: connections, and streams on each."""

    connections: int
    streams: int


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of h2load came to."""

    requests_per_s: float
    p50_us: int
    p99_us: int


def find() -> str:
    """Where it is.

    Raises:
        NoH2load.
    """
    path = shutil.which("h2load")
    if path is None:
        raise NoH2load(HOW_TO_INSTALL)
    return path


def grpc_body(message: bytes) -> bytes:
    """A message as gRPC frames it: not compressed, its length."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def run(address: str, method: str, body: Path, requests: int, depth: Depth, log: Path) -> Load:
    """Post `body` to a gRPC method, `requests` times.

    Raises:
        NoH2load, LoadFailed.
    """
    log.unlink(missing_ok=True)
    command = [
        find(), "-n", str(requests), "-c", str(depth.connections), "-m", str(depth.streams), "-t", "1",
        "-d", str(body), "-H", "content-type: application/grpc", "-H", "te: trailers",
        f"--log-file={log}", f"http://{address}{method}",
    ]  # fmt: skip
    output = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600).stdout
    seconds, succeeded = _SECONDS.search(output), _SUCCEEDED.search(output)
    if seconds is None or succeeded is None or int(succeeded[2]) != requests:
        raise LoadFailed(output.strip() or "h2load wrote nothing")
    elapsed_s = float(seconds[1]) * _UNITS[seconds[2]]
    latencies_us = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
    if len(latencies_us) != requests:
        raise LoadFailed(f"h2load logged {len(latencies_us)} of {requests} requests")
    return Load(
        requests / elapsed_s,
        latencies_us[requests // 2],
        latencies_us[min(requests * 99 // 100, requests - 1)],
    )
