"""`GET /metrics`, on a port and in threads of its own, so that writing out the text does not hold up the event loop.
Beside it `GET /ready`, 200 while calls are let in and 503 otherwise, for the probes of containers.

Bounded: a few requests at a time, each with a time-out; one scrape after the other.
"""

import http.server
import logging
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from acd_service.config import BadConfig

_log = logging.getLogger(__name__)
REQUESTS_MAX: Final = 8
REQUEST_S_MAX: Final = 20.0
PATH: Final = "/metrics"
READY_PATH: Final = "/ready"
_PLAIN: Final = "text/plain; charset=utf-8"


class MetricsEndpoint:
    """Serves what a collector collects, and what the Prometheus client knows of any process.

    Attributes:
        address: host:port as bound.

    Raises:
        BadConfig: the address is none, or is taken.
    """

    def __init__(self, listen: str, collector: Collector, is_serving: Callable[[], bool]) -> None:
        host, colon, port = listen.rpartition(":")
        if not colon or not port.isdigit() or int(port) > 65_535:
            raise BadConfig(f"metrics.listen: {listen!r} is not host:port")
        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        registry.register(collector)
        plain_host = host.removeprefix("[").removesuffix("]")
        try:
            self._server = _BoundedServer(plain_host, int(port), registry, is_serving)
        except OSError as error:
            raise BadConfig(f"metrics.listen: cannot listen on {listen}: {error.strerror}") from None
        self.address = f"{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests; blocks for half a second at most."""
        self._server.shutdown()
        self._server.server_close()


class _BoundedServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, registry: CollectorRegistry, is_serving: Callable[[], bool]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)
        self.registry = registry
        self.is_serving = is_serving
        self.scraping = threading.Lock()
        self._places = threading.BoundedSemaphore(REQUESTS_MAX)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        _log.debug("a scrape was broken off", exc_info=True)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _BoundedServer
    timeout = REQUEST_S_MAX
    server_version = "acd"
    sys_version = ""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == READY_PATH:
            serves = self.server.is_serving()
            self._answer(HTTPStatus.OK if serves else HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, b"%d\n" % serves)
            return
        if path != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, f"try {PATH}")
            return
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        try:
            with self.server.scraping:
                body = encode(self.server.registry)
        except Exception as error:
            _log.error("the metrics could not be told: %s", error, exc_info=error)
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, "the service's log says more")
            return
        self._answer(HTTPStatus.OK, content_type, body)

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        _log.debug(format, *args)
