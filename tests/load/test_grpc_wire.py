"""The driver's own client against a real gRPC server."""

import select
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import grpc
import pytest

from load.grpc_wire import DEADLINE_EXCEEDED, Answered, ConnectionLost, GrpcWire
from load.schedule import Driver

PATH = "/test.Echo/Echo"


class EchoServer:
    """Answers with the message; `fail:CODE` with that code, `big:N` with N bytes, `wait` when it is told to,
    `stall:S` S seconds after the first such call came.
    """

    def __init__(self) -> None:
        self.go_on, self._is_stalled = threading.Event(), threading.Event()
        self.calls = 0
        self._server = grpc.server(ThreadPoolExecutor(4))
        handler = grpc.unary_unary_rpc_method_handler(self._echo)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {"Echo": handler}),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def _echo(self, request: bytes, context: Any) -> bytes:
        self.calls += 1
        word, _, rest = request.decode().partition(":")
        if word == "fail":
            context.abort(grpc.StatusCode[rest], f"as you wish: {self.calls}")
        if word == "stall" and not self._is_stalled.is_set():
            self._is_stalled.set()
            threading.Timer(float(rest), self.go_on.set).start()
        if word in ("wait", "stall"):
            self.go_on.wait(30)
        return b"x" * int(rest) if word == "big" else request

    def stop(self) -> None:
        self.go_on.set()
        self._server.stop(None).wait(10)


@pytest.fixture
def server() -> Iterator[EchoServer]:
    echo = EchoServer()
    yield echo
    echo.stop()


def answers(wire: GrpcWire, count: int) -> dict[int, Answered]:
    found: dict[int, Answered] = {}
    while len(found) < count:
        wire.flush()
        assert select.select([wire], [], [], 20)[0], f"only {len(found)} of {count} answers came"
        found |= {answer.tag: answer for answer in wire.receive()}
    return found


def test_many_calls_at_once_each_get_their_own_answer(server: EchoServer) -> None:
    with closing(GrpcWire(server.address, PATH, 20_000)) as wire:
        for tag in range(500):
            wire.begin(tag, b"call %d" % tag)
        found = answers(wire, 500)
        assert {tag: answer.message for tag, answer in found.items()} == {tag: b"call %d" % tag for tag in range(500)}
        assert {answer.status for answer in found.values()} == {0}
        assert wire.in_flight == 0


@pytest.mark.parametrize("code", list(grpc.StatusCode)[1:])
def test_a_failed_call_gives_its_status(server: EchoServer, code: grpc.StatusCode) -> None:
    with closing(GrpcWire(server.address, PATH)) as wire:
        for tag in range(3):
            wire.begin(tag, b"fail:" + code.name.encode())
        found = answers(wire, 3)
        assert {answer.status for answer in found.values()} == {code.value[0]}
        wire.begin(9, b"and on")
        assert answers(wire, 1)[9].message == b"and on"


def test_big_answers_come_whole_and_do_not_use_up_the_window(server: EchoServer) -> None:
    with closing(GrpcWire(server.address, PATH)) as wire:
        for tag in range(40):
            wire.begin(tag, b"big:1000000")
        assert {len(answer.message) for answer in answers(wire, 40).values()} == {1_000_000}


def test_more_than_the_servers_window_takes_waits_for_it(server: EchoServer) -> None:
    with closing(GrpcWire(server.address, PATH)) as wire:
        messages = {tag: b"%06d" % tag + b"y" * 15_000 for tag in range(300)}
        for tag, message in messages.items():
            wire.begin(tag, message)
        assert {tag: answer.message for tag, answer in answers(wire, 300).items()} == messages


def test_a_call_that_is_given_up_gets_no_answer(server: EchoServer) -> None:
    with closing(GrpcWire(server.address, PATH)) as wire:
        wire.begin(1, b"wait")
        wire.flush()
        assert wire.give_up(1)
        assert not wire.give_up(1)
        server.go_on.set()
        wire.begin(2, b"next")
        assert list(answers(wire, 1)) == [2]


def test_the_deadline_goes_with_the_call(server: EchoServer) -> None:
    with closing(GrpcWire(server.address, PATH, 50)) as wire:
        wire.begin(1, b"wait")
        assert answers(wire, 1)[1].status in (DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED.value[0])


def test_a_server_that_stops_is_noticed(server: EchoServer) -> None:
    with closing(GrpcWire(server.address, PATH)) as wire:
        wire.begin(1, b"hello")
        answers(wire, 1)
        server.stop()
        with pytest.raises(ConnectionLost):
            answers(wire, 1)


def test_a_stall_counts_against_every_call_that_was_due_behind_it(server: EchoServer) -> None:
    """Nothing is answered until 0.6 s after the first call came. Whoever timed calls from when the server took them
    would see four slow ones, for its four threads. The bounds are from below: a slow machine cannot break them.
    """
    with closing(Driver(server.address, PATH, b"stall:0.6", connections=2, deadline_ms=20_000)) as driver:
        outcome = driver.open_loop(rate=100, seconds=0.5)
    assert (outcome.planned, outcome.sent, outcome.good, outcome.refused.total()) == (50, 50, 50, 0)
    assert outcome.times.quantile_ns(0.1) >= 0.11e9
    assert outcome.times.quantile_ns(0.5) >= 0.35e9
    assert outcome.times.max_ns >= 0.6e9


def test_calls_beyond_their_deadline_are_given_up_and_counted_with_their_time(server: EchoServer) -> None:
    with closing(Driver(server.address, PATH, b"wait", deadline_ms=100)) as driver:
        outcome = driver.open_loop(rate=200, seconds=0.2)
    assert outcome.good == 0
    assert outcome.answered == outcome.planned == 40
    assert set(outcome.refused) <= {"DEADLINE_EXCEEDED", "CANCELLED"}


def test_calls_on_a_connection_that_breaks_are_unavailable_and_counted_once(server: EchoServer) -> None:
    with closing(Driver(server.address, PATH, b"wait", connections=3, deadline_ms=20_000)) as driver:
        threading.Timer(0.2, lambda: server._server.stop(0)).start()
        outcome = driver.open_loop(rate=100, seconds=0.1)
    assert outcome.good + outcome.refused.total() == outcome.planned == 10
    assert outcome.refused
