"""What the service tells each HTTP/2 connection before anything is asked; connections whose other end is gone."""

import socket
import struct
import threading
import time

import pytest

from acd.v1 import contact_commands_pb2, event_service_pb2, routing_service_pb2
from acd_service.server import STREAMS_A_CONNECTION_MAX

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS = 4
_MAX_CONCURRENT_STREAMS = 3


def _settings_of(address):
    """What a server's first SETTINGS frame says (RFC 9113, 6.5)."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(_PREFACE + struct.pack(">HBBBI", 0, 0, _SETTINGS, 0, 0))
        with connection.makefile("rb") as stream:
            while True:
                high, low, kind, _, _ = struct.unpack(">BHBBI", stream.read(9))
                content = stream.read(high << 16 | low)
                if kind == _SETTINGS and content:
                    return dict(struct.iter_unpack(">HI", content))


def test_the_streams_of_a_connection_are_bounded(make_service):
    service = make_service()
    service.start()
    assert _settings_of(service.address)[_MAX_CONCURRENT_STREAMS] == STREAMS_A_CONNECTION_MAX


class Path:
    """Between clients and a service: what comes is passed on, until the path is cut and nothing passes any more, which
    neither end is told, as when a laptop is shut or a firewall forgets a connection.
    """

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self._to = host, int(port)
        self._is_cut = threading.Event()
        self._connections = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                ends = self._listener.accept()[0], socket.create_connection(self._to)
            except OSError:
                return
            self._connections += ends
            for source, target in (ends, ends[::-1]):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source, target):
        try:
            while (content := source.recv(65_536)) and not self._is_cut.is_set():
                target.sendall(content)
        except OSError:
            return  # it was closed

    def cut(self):
        self._is_cut.set()

    def close(self):
        for connection in (self._listener, *self._connections):
            connection.close()


@pytest.fixture
def path_to():
    paths = []

    def path_to(address):
        paths.append(Path(address))
        return paths[-1]

    yield path_to
    for path in paths:
        path.close()


def kinds_of_events(client):
    return [event.WhichOneof("detail") for event in client.events_from(1)]


def calls_in_progress(client):
    return client.status().counters["rpc_calls_in_progress"]


def until(is_so):
    for _ in range(500):
        if is_so():
            return
        time.sleep(0.02)
    pytest.fail("it did not come to that")


def test_a_client_that_vanished_without_a_word_is_found_out(make_service, path_to, tmp_path):
    config = tmp_path / "acd.yaml"
    config.write_text("keepalive_s: 0.3\nkeepalive_timeout_s: 0.5\nprogress_s: 3600\n")
    service = make_service("--config", str(config))
    near = service.start()
    near.apply_policy()
    before = calls_in_progress(near)
    path = path_to(service.address)
    far = type(near)(path.address)
    enqueue = contact_commands_pb2.EnqueueContactRequest(contact_id="c", queue_id="sales")
    route = far.routing.RouteContact(routing_service_pb2.RouteContactRequest(enqueue=enqueue), timeout=60)
    next(route)
    stream = far.events.Subscribe(event_service_pb2.SubscribeRequest(from_event_seq=1), timeout=60)
    next(stream)
    # However long nothing is to be said, one that is there is taken for there.
    time.sleep(2)
    assert calls_in_progress(near) == before + 2
    assert "contact_detached" not in kinds_of_events(near)
    path.cut()
    until(lambda: calls_in_progress(near) == before)
    until(lambda: "contact_detached" in kinds_of_events(near))
    far.close()
