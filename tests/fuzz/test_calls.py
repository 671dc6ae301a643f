"""Every call of every service is given messages and bytes of all sorts: a result or a named refusal comes back, a
refusal has changed nothing, the journal stays whole, and the server lives in bounded memory.
"""

import contextlib
import os
import random
from pathlib import Path

import grpc
import pytest
from fuzz.random_messages import mutated, random_message
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from acd.v1 import (
    admin_service_pb2,
    agent_service_pb2,
    customer_service_pb2,
    event_service_pb2,
    insight_service_pb2,
    policy_pb2,
    policy_service_pb2,
    routing_service_pb2,
)
from acd_core.commands import DetachContact
from acd_service import codec
from acd_service.journal_sqlite import SqliteJournal
from acd_service.verify import verify

MODULES = [
    routing_service_pb2, agent_service_pb2, customer_service_pb2, policy_service_pb2, event_service_pb2,
    insight_service_pb2, admin_service_pb2,
]  # fmt: skip
CALLS = {
    f"{service.name}/{call.name}": call
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for call in service.methods
}
FAULTS = {
    grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}  # fmt: skip
SEED = int(os.environ.get("ACD_TEST_FUZZ_SEED", "1"))
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
GROWTH_BYTES_MAX = 256 * 2**20
EXPENSIVE = {"AdminService/TakeSnapshot", "InsightService/Explain"}
"""They start a process each."""


class Tried:
    """Makes calls, and holds what comes back to what may."""

    def __init__(self, service, processes):
        self._service = service
        self._failure = processes.Failure
        self.client = service.connect()
        self.reasons = {}
        self.results = 0

    def make(self, path, content):
        call = CALLS[path]
        way = f"/acd.v1.{path}"
        seq = self.client.status().seq
        channel = self.client.channel
        try:
            if call.client_streaming:
                make = channel.stream_stream(way, request_serializer=None, response_deserializer=None)
                for _ in make(iter([content]), timeout=60):
                    pass
            elif call.server_streaming:
                make = channel.unary_stream(way, request_serializer=None, response_deserializer=None)
                stream = make(content, timeout=60)
                # What follows the first message comes when something happens, or never.
                next(stream, None)
                stream.cancel()
            else:
                make = channel.unary_unary(way, request_serializer=None, response_deserializer=None)
                make(content, timeout=60)
            self.results += 1
        except grpc.RpcError as error:
            failure = self._failure(error)
            assert failure.code not in FAULTS, (path, content, failure)
            assert failure.reason, (path, content, failure)
            self.reasons[failure.reason] = self.reasons.get(failure.reason, 0) + 1
            # A stream that was left before detaches its contact when the server hears of it.
            given = self._commands_since(seq) if self.client.status().seq != seq else []
            assert all(isinstance(command, DetachContact) for command in given), (path, content, failure, given)

    def _commands_since(self, seq):
        journal = SqliteJournal.open_to_read(self._service.data_dir)
        return [codec.decode_record(kept.content)[2] for kept in journal.read("default", seq + 1)]

    def make_world(self):
        """Queues, agents and contacts that random messages are about, whatever earlier ones left."""
        with contextlib.suppress(grpc.RpcError):
            self.client.apply_policy(*(policy_pb2.Queue(queue_id=name) for name in ("sales", "help")))
        for name in ("ann", "bob", "cec"):
            with contextlib.suppress(grpc.RpcError):
                self.client.sign_on(name)
        for name in ("a", "b", "c"):
            with contextlib.suppress(grpc.RpcError):
                self.client.enqueue(name)

    def memory_bytes(self):
        pid = self._service._process.pid
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


@pytest.fixture(scope="module")
def tried(service, processes):
    return Tried(service, processes)


@pytest.fixture
def world(tried):
    tried.make_world()
    return tried


def quick(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=SEED == 1,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


PATHS = sorted(CALLS)
SHORT = [path for path in PATHS if path not in EXPENSIVE]
DRAWN = st.integers(0, 2**48).map(random.Random)


@pytest.mark.parametrize("path", SHORT)
@given(draw=DRAWN)
@quick(8)
def test_random_messages(world, path, draw):
    world.make(path, random_message(CALLS[path].input_type, draw).SerializeToString())


@pytest.mark.parametrize("path", SHORT)
@given(draw=DRAWN)
@quick(3)
def test_bytes_that_are_nearly_messages(tried, path, draw):
    content = random_message(CALLS[path].input_type, draw).SerializeToString()
    tried.make(path, mutated(content, draw))


@pytest.mark.parametrize("path", PATHS)
def test_bytes_that_are_no_message(tried, path):
    contents = [b"\xff", b"\x07", b"\x0a", b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\xff" * 500, bytes(range(256))]
    for content in contents if path not in EXPENSIVE else contents[:2]:
        tried.make(path, content)


def test_afterwards_the_server_lives_and_its_journal_is_whole(world, service):
    """Also what the tests before it left behind, as far as they ran in this process."""
    draw = random.Random(SEED)
    for number in range(150):
        if number % 50 == 0:
            world.make_world()
        path = draw.choice(SHORT)
        world.make(path, random_message(CALLS[path].input_type, draw).SerializeToString())
    world.make_world()
    tried = world
    status = tried.client.status()
    assert tried.client.enqueue("after").seq == status.seq + 1
    assert set(status.invariant_violations.values()) == {0}
    assert status.seq > 20, "some of it was accepted"
    assert len(tried.reasons) > 5
    assert not status.set_aside
    log = service.stderr_path.read_text()
    assert "Traceback" not in log
    assert " ERROR " not in log
    with contextlib.suppress(grpc.RpcError):
        tried.client.close()
    assert service.stop() == 0
    report = verify(service.data_dir)
    assert report is not None


@pytest.mark.slow
def test_long(processes, tmp_path):
    """Twenty thousand calls from one seed."""
    service = processes.ServiceProcess(tmp_path / "data", tmp_path, "--clock", "external")
    service.start()
    try:
        tried = Tried(service, processes)
        draw = random.Random(SEED)
        begun = 0
        for number in range(int(os.environ.get("ACD_TEST_FUZZ_CALLS", "20000"))):
            if number % 50 == 0:
                tried.make_world()
            path = draw.choice(PATHS if number % 1_000 == 0 else SHORT)
            content = random_message(CALLS[path].input_type, draw).SerializeToString()
            tried.make(path, mutated(content, draw) if draw.random() < 0.3 else content)
            if number == 2_000:
                begun = tried.memory_bytes()
        assert not begun or tried.memory_bytes() - begun < GROWTH_BYTES_MAX
        assert len(tried.reasons) > 15
        assert tried.results > 100
    finally:
        service.close()
