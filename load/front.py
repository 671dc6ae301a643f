"""HAProxy in front of a service, with the settings that are ready in service/deploy."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SETTINGS: Final = Path(__file__).parents[1] / "service/deploy/haproxy.cfg"
_START_S: Final = 10.0


class NoHaproxy(RuntimeError):
    """It is not installed; the message says how to."""


class FrontDidNotStart(RuntimeError):
    """The message holds what it wrote."""


def haproxy() -> str | None:
    """Where it is, if it is installed; often not where users look for programs."""
    return shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")


@contextmanager
def front_of(address: str, folder: Path, **settings: int) -> Iterator[str]:
    """Where calls find the front of the service at `address`, as long as the context lasts.

    Args:
        folder: for what it writes.
        settings: those that the file takes from the environment, in lower case: `calls`, `calls_each`.

    Raises:
        NoHaproxy, FrontDidNotStart.
    """
    program = haproxy()
    if program is None:
        raise NoHaproxy("haproxy is not installed; on Debian: apt-get install haproxy")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {f"ACD_{name.upper()}": str(value) for name, value in settings.items()}
    log = folder / "haproxy.log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - what the machine has installed, with our settings
            [program, "-db", "-f", str(SETTINGS)],
            stdout=output,
            stderr=output,
            env=os.environ | given | {"ACD_FRONT": f"127.0.0.1:{port}", "ACD_SERVICE": address},
        )
    try:
        until = time.monotonic() + _START_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise FrontDidNotStart(log.read_text())
            time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
