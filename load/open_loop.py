"""A fixed rate of calls against a service, timed from when each should have been sent.

`python -m load.open_loop --rate 2000 --seconds 10 --json [--target HOST:PORT] [--connections N] [--call enqueue|echo]`
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from bench.door import child_process, echo
from load import contact_calls
from load.schedule import Driver, Outcome


class ServerGone(RuntimeError):
    """The server of our own does not answer any more; the message holds the last that it wrote."""


ECHO_ANSWER_BYTES: Final = 60
"""About what EnqueueContact answers."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send what."""

    address: str
    path: str
    cpu_s: Callable[[], float] | None = None
    """Processor time of the server so far, if it is our own."""


@contextlib.contextmanager
def target(call: str, address: str) -> Iterator[Target]:
    """A server that is there (`address`), or one of our own."""
    with contextlib.ExitStack() as stack:
        cpu_s = None
        if call == "echo":
            if not address:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="acd-load-"))
                program = ("-m", "bench.door.echo", "--answer-bytes", str(ECHO_ANSWER_BYTES))
                server = stack.enter_context(child_process.ChildProcess(Path(folder) / "echo.log", *program))
                address, cpu_s = server.address, server.cpu_s
            yield Target(address, echo.METHOD, cpu_s)
            return
        if not address:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="acd-load-"))
            server = stack.enter_context(child_process.service(Path(folder) / "data"))
            address, cpu_s = server.address, server.cpu_s
            stack.enter_context(_telling_why_it_is_gone(Path(folder) / "data.log"))
        contact_calls.apply_policy(address)
        yield Target(address, contact_calls.ENQUEUE, cpu_s)


@contextlib.contextmanager
def _telling_why_it_is_gone(log: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, grpc.RpcError) as error:
        raise ServerGone(f"{error!r}; its log ends with\n{log.read_text()[-2_000:]}") from error


def drive(whom: Target, rate: float, seconds: float, connections: int, deadline_ms: int) -> Outcome:
    """One run with connections of its own."""
    message = contact_calls.message()
    driver = Driver(whom.address, whom.path, message, connections=connections, deadline_ms=deadline_ms)
    with contextlib.closing(driver):
        return driver.open_loop(rate, seconds)


def main() -> int:
    """Read the command line and run. Exit status 1 if the driver could not keep to its schedule."""
    parser = argparse.ArgumentParser(prog="load.open_loop", description=__doc__)
    parser.add_argument("--rate", type=_positive, required=True, help="calls a second")
    parser.add_argument("--seconds", type=_positive, default=10.0, help="for how long (default %(default)s)")
    parser.add_argument(
        "--target", default="", help="HOST:PORT; without it a server of its own. Its policy is replaced"
    )
    parser.add_argument("--call", choices=("enqueue", "echo"), default="enqueue", help="what to call")
    parser.add_argument("--connections", type=_count, default=10, help="HTTP/2 connections (default %(default)s)")
    parser.add_argument("--deadline-ms", type=_count, default=1_000, help="of each call (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args()
    with target(options.call, options.target) as whom:
        outcome = drive(whom, options.rate, options.seconds, options.connections, options.deadline_ms)
    result = {
        "call": options.call,
        "rate": options.rate,
        "seconds": options.seconds,
        "connections": options.connections,
        **outcome.figures(),
        "load_average": os.getloadavg()[0],
    }
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:22} {value}")
    if not outcome.kept_up:
        print("the driver could not keep to its schedule: the times are its own, not the service's", file=sys.stderr)
        return 1
    return 0


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1e6:
        raise argparse.ArgumentTypeError(f"{text} is out of range, above 0 up to 1,000,000")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 60_000:
        raise argparse.ArgumentTypeError(f"{text} is out of range, 1 to 60,000")
    return value


if __name__ == "__main__":
    sys.exit(main())
