"""The router in Redis: its server in a private directory, the start state in bulk, calls down one pipelined connection.

Requests are put into bytes before the clock starts and answers are read by the compiled parser of `hiredis`, so that
what is timed is the server's work and not that of a client in Python.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import hiredis

from bench.peers.calls import Call, Catalogue, Offer
from bench.peers.private_server import Processor, end, program
from bench.peers.start_state import StartState

PERSISTENCE: Final = {
    "off": ("--appendonly", "no"),
    "everysec": ("--appendonly", "yes", "--appendfsync", "everysec"),
    "always": ("--appendonly", "yes", "--appendfsync", "always"),
}
PACKAGE: Final = "redis-server"
DEPTHS: Final = (64, 256, 1_024, 4_096)
"""Commands in flight that are tried."""
_SPEED: Final = ("--zset-max-listpack-entries", "0", "--hash-max-listpack-entries", "16")
"""Compact forms are searched from end to end, which costs more than they save once a hundred elements are in them."""
_FUNCTIONS: Final = Path(__file__).with_name("router.lua")
_NO_EVENTS: Final = "local EVENTS = false"
_EVENTS: Final = "local EVENTS = true"
_LOAD_CHUNK: Final = 2_000
_PAIRS_A_CALL: Final = 500
_PRIORITY_STEP: Final = 2**32
_AGENTS_MAX: Final = 2**17
_STATES: Final = {"waiting": "w", "offered": "o", "active": "a"}

Words = tuple[str | int, ...]


class PeerRefused(RuntimeError):
    """The router answered a call with an error."""


def redis_program() -> str:
    """Where the server's program is.

    Raises:
        Missing: nowhere.
    """
    return program("redis-server", PACKAGE)


class RedisRouter:
    """A server of its own with one durability; a context in which it runs.

    Args:
        folder: empty, kept by the caller; its path must be short, as those of sockets are.
        persistence: a key of PERSISTENCE.
        tells: whether it writes a stream of events, too.

    Raises:
        Missing: no server is installed.
    """

    def __init__(self, folder: Path, persistence: str, *, tells: bool = False) -> None:
        self.depth = DEPTHS[-1]
        self._program = redis_program()
        functions = _FUNCTIONS.read_text()
        self._functions = functions.replace(_NO_EVENTS, _EVENTS) if tells else functions
        assert _NO_EVENTS in functions
        self._folder = folder
        self._persistence = persistence
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = socket.socket(socket.AF_UNIX)
        self._reader = hiredis.Reader(replyError=PeerRefused)

    def __enter__(self) -> Self:
        path = self._folder / "s"
        settings = ("--port", "0", "--unixsocket", str(path), "--dir", str(self._folder), "--save", "")
        # No rewriting of the log while figures are taken: it would only take time from the router.
        quiet = ("--auto-aof-rewrite-percentage", "0", "--daemonize", "no", "--logfile", str(self._folder / "log"))
        command = [self._program, *settings, *quiet, *_SPEED, *PERSISTENCE[self._persistence]]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            self._connect(path)
            self._exchange(_pack(("FUNCTION", "LOAD", self._functions)), 1)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _connect(self, path: Path) -> None:
        assert self._process is not None
        for _ in range(500):
            try:
                self._socket.connect(str(path))
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"redis-server did not start: {(self._folder / 'log').read_text()}")

    def _end(self) -> None:
        self._socket.close()
        end(self._process, signal.SIGKILL)

    def processor(self) -> Processor:
        """What the router's process uses from now on."""
        assert self._process is not None
        return Processor(self._process.pid)

    def load(self, state: StartState, catalogue: Catalogue) -> None:
        """Put the start state in, as rows, not call by call."""
        words = list(_loading(state, catalogue))
        for first in range(0, len(words), _LOAD_CHUNK):
            chunk = words[first : first + _LOAD_CHUNK]
            self._exchange(b"".join(map(_pack, chunk)), len(chunk))

    def prepare(self, calls: Sequence[Call]) -> list[bytes]:
        """The bytes of so many requests."""
        return [_pack(("FCALL", call.name, 0, *call.values)) for call in calls]

    def run(self, requests: Sequence[bytes]) -> list[Offer]:
        """Send them all, with at most `depth` not yet answered; returns what was decided.

        Raises:
            PeerRefused: a request was refused.
        """
        # While the server works on one half of the window the other is on its way.
        half = max(1, self.depth // 2)
        answers: list[list[int]] = []
        outstanding: list[int] = []
        for first in range(0, len(requests), half):
            part = requests[first : first + half]
            self._socket.sendall(b"".join(part))
            outstanding.append(len(part))
            if len(outstanding) > 1:
                answers += self._answers(outstanding.pop(0))
        for count in outstanding:
            answers += self._answers(count)
        return [(answer[0], answer[1], answer[2]) for answer in answers if answer]

    def calibrate(self, requests: Sequence[bytes]) -> None:
        """Choose the depth at which requests, which are carried out, get through fastest."""
        took: dict[int, float] = {}
        size = len(requests) // len(DEPTHS)
        for place, depth in enumerate(DEPTHS):
            self.depth = depth
            from_s = time.perf_counter()
            self.run(requests[place * size : (place + 1) * size])
            took[depth] = time.perf_counter() - from_s
        self.run(requests[len(DEPTHS) * size :])
        self.depth = min(took, key=lambda depth: took[depth])

    def events_written(self) -> int:
        """How many the stream of events has been given."""
        self._socket.sendall(_pack(("XINFO", "STREAM", "events")))
        (found,) = self._answers(1)
        facts = dict(zip(found[::2], found[1::2], strict=True))
        return int(facts[b"entries-added"])

    def _exchange(self, content: bytes, count: int) -> list[list[int]]:
        self._socket.sendall(content)
        return self._answers(count)

    def _answers(self, count: int) -> list[Any]:
        reader = self._reader
        found: list[Any] = []
        while len(found) < count:
            answer = reader.gets()
            if answer is False:
                content = self._socket.recv(1 << 18)
                if not content:
                    raise RuntimeError("redis-server closed the connection")
                reader.feed(content)
                continue
            if isinstance(answer, Exception):
                raise answer
            found.append(answer)
        return found


def _pack(words: Words) -> bytes:
    content: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]  # its stub names one type for all words
    return content


def _loading(state: StartState, catalogue: Catalogue) -> Iterator[Words]:
    pairs = catalogue.pairs()
    for first in range(0, len(pairs), _PAIRS_A_CALL):
        yield ("FCALL", "meets", 0, *_flat(pairs[first : first + _PAIRS_A_CALL]))
    yield "SET", "offers", state.offers
    heads: dict[str, dict[int, int]] = {"waiting:": {}, "idle:": {}}
    for agent in state.agents():
        contact = "" if agent.contact is None else agent.contact
        row = ("p", agent.profile, "r", int(agent.is_ready), "i", agent.idle_ms, "c", contact)
        yield ("HSET", f"agent:{agent.agent}", *row)
        if agent.is_ready and agent.contact is None:
            score = agent.idle_ms * _AGENTS_MAX + agent.agent
            _lower(heads["idle:"], agent.profile, score)
            yield "ZADD", f"idle:{agent.profile}", score, agent.agent
    for contact_row in state.contacts():
        number, requirement, priority, status, whose, offer = contact_row
        rank = number - priority * _PRIORITY_STEP
        held = ("a", whose, "o", offer) if whose is not None and offer is not None else ()
        yield ("HSET", f"contact:{number}", "s", _STATES[status], "r", requirement, "k", rank, *held)
        if status == "waiting":
            _lower(heads["waiting:"], requirement, rank)
            yield "ZADD", f"waiting:{requirement}", rank, number
    for kind, scores in heads.items():
        for place, score in scores.items():
            yield "HSET", f"heads:{kind}", place, score


def _flat(pairs: Iterable[tuple[int, int]]) -> Iterator[int]:
    for pair in pairs:
        yield from pair


def _lower(heads: dict[int, int], place: int, score: int) -> None:
    heads[place] = min(score, heads.get(place, score))
