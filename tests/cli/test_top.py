"""`acd top` against a real service: as JSON, once, and live in a terminal of its own."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from rich.console import Console

from acd.v1 import agent_commands_pb2, agent_pb2, contact_commands_pb2, policy_commands_pb2, policy_pb2
from acd.v1.admin_service_pb2 import GetStatusResponse
from acd.v1.agent_service_pb2_grpc import AgentServiceStub
from acd.v1.insight_service_pb2 import QueueStats, WatchStatsResponse
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from acd.v1.routing_service_pb2_grpc import RoutingServiceStub
from acd_service.cli.top_picture import Board
from acd_service.cli.top_view import screen_of
from acd_service.demo.own_service import OwnService


@pytest.fixture(scope="module")
def busy(service: OwnService) -> OwnService:
    """`late` waited before `early` did; `rung` is being offered, `quiet` has nobody."""
    with grpc.insecure_channel(service.address) as channel:
        queues = [policy_pb2.Queue(queue_id=name, requirement=name) for name in ("early", "late", "rung", "quiet")]
        PolicyServiceStub(channel).ApplyPolicy(
            policy_commands_pb2.ApplyPolicyRequest(policy=policy_pb2.Policy(queues=queues))
        )
        agents = AgentServiceStub(channel)
        spec = agent_pb2.AgentSpec(agent_id="ann", skills={"rung": 50})
        agents.UpsertAgents(agent_commands_pb2.UpsertAgentsRequest(agents=[spec]))
        ready = agent_commands_pb2.SetPresenceRequest(agent_id="ann", presence=agent_pb2.PRESENCE_READY)
        agents.SetPresence(ready)
        for queue_id in ("late", "early", "early", "rung"):
            request = contact_commands_pb2.EnqueueContactRequest(queue_id=queue_id)
            RoutingServiceStub(channel).EnqueueContact(request)
    return service


def test_json_has_everything_the_longest_wait_first(acd: Callable[..., Any], busy: OwnService) -> None:
    ran = acd("top", "--json", ACD_SERVER=busy.address)
    assert ran.status == 0, ran.err
    board = ran.json()
    assert [(row["queue_id"], row["waiting"], row["offered_now"]) for row in board["queues"]] == [
        ("late", 1, 0),
        ("early", 2, 0),
        ("rung", 1, 1),
    ]
    waits = [row["longest_wait_s"] for row in board["queues"]]
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] > 0
    assert board["agents"] == {"ready": 1, "ready_busy": 1, "away": 0, "away_busy": 0, "offline": 0}
    assert board["contacts"] == {"waiting": 3, "offered": 1, "active": 0, "wrap_up": 0, "scheduled": 0}
    assert (board["tenant"], board["violations"], board["set_aside"]) == ("default", {}, 0)
    assert board["seq"] == 7


def test_once_prints_a_table(acd: Callable[..., Any], busy: OwnService) -> None:
    ran = acd("top", "--once", "--rows", "2", ACD_SERVER=busy.address)
    assert ran.status == 0, ran.err
    assert ran.out.index("late") < ran.out.index("early")
    assert "rung" not in ran.out
    assert "and 1 more queues" in ran.out
    assert "1 ready (1 busy)" in ran.out


def test_live_until_ctrl_c(busy: OwnService, tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "acd_service.cli", "top", "--server", busy.address, "--interval", "1"],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        # A shell that runs the tests in the background has them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
    )
    os.close(terminal)
    try:
        shown = read_until(controller, b"late", 60)
        shown += read_until(controller, b"late", 60)  # it is drawn again
        assert b"ready" in shown
        process.send_signal(signal.SIGINT)
        read_until(controller, b"", 1)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.communicate()
        os.close(controller)


def read_until(descriptor: int, wanted: bytes, seconds: float) -> bytes:
    """What a terminal is sent, up to and with what is wanted."""
    shown = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end and (not wanted or wanted not in shown):
        if select.select([descriptor], [], [], 0.2)[0]:
            try:
                shown += os.read(descriptor, 65_536)
            except OSError:  # the other side is closed
                break
    assert wanted in shown, shown
    return shown


def test_nobody_there(acd: Callable[..., Any]) -> None:
    ran = acd("top", "--once", "--server", "127.0.0.1:1")
    assert ran.status == 1
    assert ran.err == "acd: no service answers at 127.0.0.1:1; is `acd serve` running?\n"


def test_no_terminal(acd: Callable[..., Any], busy: OwnService) -> None:
    ran = acd("top", ACD_SERVER=busy.address)
    assert ran.status == 2
    assert "--once or --json" in ran.err


def test_a_queue_that_changes_is_replaced_and_others_stay() -> None:
    board = Board()
    first = [QueueStats(queue_id="a", channel="voice", waiting=1), QueueStats(queue_id="b", channel="voice", waiting=5)]
    first[0].waiting_since.FromNanoseconds(10**9)
    message = WatchStatsResponse(queues=first)
    message.at.FromNanoseconds(31 * 10**9)
    board.take_figures(message)
    assert [(row.queue_id, row.longest_wait_s) for row in board.picture().queues] == [("a", 30), ("b", 0)]
    message = WatchStatsResponse(queues=[QueueStats(queue_id="a", channel="voice", answered=1, offered=1)])
    message.at.FromNanoseconds(32 * 10**9)
    board.take_figures(message)
    assert [(row.queue_id, row.waiting) for row in board.picture().queues] == [("b", 5), ("a", 0)]


def test_ids_are_shown_as_they_are() -> None:
    board = Board()
    board.take_figures(WatchStatsResponse(queues=[QueueStats(queue_id="[red]x[/]", channel="voice", waiting=3_661)]))
    console = Console(width=120, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(screen_of(board.picture(), None))
    assert "[red]x[/]" in console.export_text()


def test_what_was_refused_for_overload_is_shown_by_reason() -> None:
    board = Board()
    board.take_figures(WatchStatsResponse())
    board.take_status(
        GetStatusResponse(counters={"rpc_calls_refused_quota_exceeded": 1_234, "rpc_calls_refused": 2_000})
    )
    console = Console(width=120, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(screen_of(board.picture(), None))
    assert "refused   1,234 quota exceeded," in console.export_text()
