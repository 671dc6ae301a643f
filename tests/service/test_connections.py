"""What the service tells each HTTP/2 connection before anything is asked."""

import socket
import struct

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
