"""PostgreSQL in a private directory, with a unix socket and no port. It refuses root, who takes another user for it."""

import getpass
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psycopg

from bench.peers.private_server import Processor, checked, end, program

PACKAGE: Final = "postgresql"
SETTINGS: Final = {
    "listen_addresses": "''",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "max_connections": "80",
}
"""For short transactions on a small database. What decides durability is left as it is: `fsync` and
`synchronous_commit` on."""
_USERS: Final = ("postgres", "nobody")


def postgres_programs() -> tuple[str, str]:
    """Where `initdb` and `postgres` are. Debian keeps them off the path, in a folder for each version.

    Raises:
        Missing: nowhere.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return program("initdb", PACKAGE, folders), program("postgres", PACKAGE, folders)


class PostgresServer:
    """A context in which a server runs.

    Args:
        folder: empty, kept by the caller; its path must be short, as those of sockets are.

    Raises:
        Missing: no server is installed.
    """

    def __init__(self, folder: Path) -> None:
        self._initdb, self._postgres = postgres_programs()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._user = getpass.getuser() if os.getuid() else _other_user()

    def __enter__(self) -> Self:
        data = self._folder / "data"
        if not os.getuid():
            shutil.chown(self._folder, self._user)
        words = [self._initdb, "-D", str(data), "-U", "router", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        checked(words, "initdb", self._as_user())
        words = [self._postgres, "-D", str(data), "-k", str(self._folder)]
        for name, value in SETTINGS.items():
            words += ["-c", f"{name}={value.strip(chr(39))}"]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                words, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as_user()
            )
        try:
            self._wait()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection that commits each statement."""
        return psycopg.connect(host=str(self._folder), dbname=database, user="router", autocommit=True)

    def processor(self) -> Processor:
        """What the server and its processes use from now on."""
        assert self._process is not None
        return Processor(self._process.pid)

    def _as_user(self) -> dict[str, Any]:
        if os.getuid():
            return {}
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []}

    def _wait(self) -> None:
        assert self._process is not None
        for _ in range(500):
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"postgres did not start: {(self._folder / 'log').read_text()}")

    def _end(self) -> None:
        # Thrown away: it need not write anything down.
        end(self._process, signal.SIGQUIT)


def _other_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in _USERS:
        if name in names:
            return name
    raise RuntimeError(f"PostgreSQL does not run as root, and there is no user {' or '.join(_USERS)}")
