"""Unary gRPC calls over one HTTP/2 connection, with as little work a call as Python allows.

A load driver must cost less than what it drives; the gRPC library's client costs as much as an empty service. This one
knows one method, takes messages that are bytes already, never looks at a response's first headers, and reads a trailer
only once: it allows the server no header table, so that equal trailers are equal bytes. It does what it needs of HTTP/2
(RFC 9113) and HPACK (RFC 7541) and refuses the rest by name. No TLS.
"""

import socket
from collections.abc import Sequence
from typing import Final, NamedTuple

import hpack

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
_END_STREAM, _END_HEADERS, _PADDED, _PRIORITY, _ACK = 1, 4, 8, 32, 1
_FRAME_HEAD: Final = 9
_RECEIVE_BYTES: Final = 1 << 18
_WINDOW_ADDED: Final = 1 << 30
_HEADER_TABLE_SIZE, _MAX_CONCURRENT_STREAMS = 1, 3
_FIRST_DYNAMIC_INDEX: Final = 62
_TRAILERS_KEPT_MAX: Final = 1_024

MESSAGE_BYTES_MAX: Final = 16_000
"""A message fits into one frame and into a new stream's window."""
OK, CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE = 0, 1, 4, 8, 13, 14
_STATUS_OF_RESET: Final = {7: UNAVAILABLE, 8: CANCELLED, 11: RESOURCE_EXHAUSTED}


class ConnectionLost(ConnectionError):
    """The server closed the connection, or said that it would."""


class NotUnderstood(RuntimeError):
    """The server did something that HTTP/2 allows and this client does not know."""


class Answered(NamedTuple):
    """One call's end."""

    tag: int
    status: int
    """The gRPC status code."""
    message: bytes
    """The response; empty if the call failed."""


class GrpcWire:
    """One connection for calls of one method.

    Args:
        address: host:port.
        path: /package.Service/Method.
        timeout_ms: the deadline that each call tells the server; None for none.

    Raises:
        OSError: it cannot connect.
    """

    def __init__(
        self, address: str, path: str, timeout_ms: int | None = None, metadata: Sequence[tuple[str, str]] = ()
    ) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host.strip("[]"), int(port)), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._first_block, self._block = _header_blocks(address, path, timeout_ms, metadata)
        self._stream_id = -1
        self._streams: dict[int, tuple[int, bytes]] = {}
        """Open streams: the call's tag, and what came of its response."""
        self._stream_ids: dict[int, int] = {}
        """The same, by tag."""
        self._held: dict[int, bytes] = {}
        """Calls that wait for the server's window, by tag."""
        self._window = 65_535
        self._streams_max = 2**31
        self._window_used = 0
        self._in = b""
        self._out = bytearray(_PREFACE)
        self._out += _frame(
            _SETTINGS, 0, 0, b"\x00\x01\x00\x00\x00\x00" + b"\x00\x02\x00\x00\x00\x00" + b"\x00\x04\x7f\xff\xff\xff"
        )
        self._out += _frame(_WINDOW_UPDATE, 0, 0, _WINDOW_ADDED.to_bytes(4, "big"))
        self._statuses: dict[bytes, int] = {}

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    @property
    def has_output(self) -> bool:
        """Something is to be written that the socket did not take yet."""
        return bool(self._out)

    @property
    def in_flight(self) -> int:
        """Calls begun and not answered."""
        return len(self._streams) + len(self._held)

    def begin(self, tag: int, message: bytes) -> None:
        """Begin a call; `flush` sends it. Where the server's windows are full it waits for them.

        Args:
            tag: given back with the answer; no other call under way has it.
        """
        size = len(message)
        if self._held or size + 5 > self._window or len(self._streams) >= self._streams_max:
            self._held[tag] = message
            return
        self._window -= size + 5
        self._stream_id += 2
        stream = self._stream_id.to_bytes(4, "big")
        block = self._block if self._stream_id > 1 else self._first_block
        self._out += b"%b\x01\x04%b%b%b\x00\x01%b\x00%b%b" % (
            len(block).to_bytes(3, "big"), stream, block,
            (size + 5).to_bytes(3, "big"), stream, size.to_bytes(4, "big"), message,
        )  # fmt: skip
        self._streams[self._stream_id] = (tag, b"")
        self._stream_ids[tag] = self._stream_id

    def give_up(self, tag: int) -> bool:
        """Cancel a call, as a client does whose deadline has passed. False if it was answered before."""
        if self._held.pop(tag, None) is not None:
            return True
        stream_id = self._stream_ids.pop(tag, None)
        if stream_id is None:
            return False
        del self._streams[stream_id]
        self._out += _frame(_RST_STREAM, 0, stream_id, b"\x00\x00\x00\x08")
        return True

    def flush(self) -> None:
        """Write what the socket takes."""
        try:
            del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            return
        except OSError as error:
            raise ConnectionLost(str(error)) from error

    def receive(self) -> list[Answered]:
        """Calls that ended with what has come in. Call it when the socket can be read.

        Raises:
            ConnectionLost, NotUnderstood.
        """
        try:
            received = self._socket.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        if not received:
            raise ConnectionLost("the server closed the connection")
        data, at, answered = self._in + received, 0, []
        streams = self._streams
        while len(data) - at >= _FRAME_HEAD:
            end = at + _FRAME_HEAD + (data[at] << 16 | data[at + 1] << 8 | data[at + 2])
            if end > len(data):
                break
            kind, flags = data[at + 3], data[at + 4]
            stream_id = int.from_bytes(data[at + 5 : at + 9], "big")
            at += _FRAME_HEAD
            if kind == _DATA:
                self._window_used += end - at
                if flags & _PADDED:
                    raise NotUnderstood("padded data")
                if (open_stream := streams.get(stream_id)) is not None:
                    streams[stream_id] = (open_stream[0], open_stream[1] + data[at:end])
            elif kind == _HEADERS:
                if not flags & _END_HEADERS or flags & (_PADDED | _PRIORITY):
                    raise NotUnderstood("headers in several frames, padded, or with priority")
                if flags & _END_STREAM and (ended := self._end(stream_id)) is not None:
                    answered.append(Answered(ended[0], self._status_of(data[at:end]), ended[1][5:]))
            else:
                self._control(kind, flags, stream_id, data[at:end], answered)
            at = end
        self._in = data[at:]
        if self._window_used > _WINDOW_ADDED // 2:
            self._out += _frame(_WINDOW_UPDATE, 0, 0, self._window_used.to_bytes(4, "big"))
            self._window_used = 0
        if self._held and self._window > MESSAGE_BYTES_MAX:
            held, self._held = self._held, {}
            for tag, message in held.items():
                self.begin(tag, message)
        return answered

    def _control(self, kind: int, flags: int, stream_id: int, content: bytes, answered: list[Answered]) -> None:
        match kind:
            case 3:  # RST_STREAM
                ended = self._end(stream_id)
                if ended is not None:
                    status = _STATUS_OF_RESET.get(int.from_bytes(content, "big"), INTERNAL)
                    answered.append(Answered(ended[0], status, b""))
            case 4 if not flags & _ACK:  # SETTINGS
                for at in range(0, len(content), 6):
                    name, value = (
                        int.from_bytes(content[at : at + 2], "big"),
                        int.from_bytes(content[at + 2 : at + 6], "big"),
                    )
                    if name == _MAX_CONCURRENT_STREAMS:
                        self._streams_max = value
                    elif name == _HEADER_TABLE_SIZE and value < 4_096:
                        raise NotUnderstood("a header table smaller than the default")
                self._out += _frame(_SETTINGS, _ACK, 0, b"")
            case 6 if not flags & _ACK:  # PING
                self._out += _frame(_PING, _ACK, 0, content)
            case 7:  # GOAWAY
                raise ConnectionLost(f"the server said goodbye: error {int.from_bytes(content[4:8], 'big')}")
            case 8 if stream_id == 0:  # WINDOW_UPDATE
                self._window += int.from_bytes(content, "big")
            case 9:
                raise NotUnderstood("headers in several frames")

    def _end(self, stream_id: int) -> tuple[int, bytes] | None:
        ended = self._streams.pop(stream_id, None)
        if ended is not None:
            del self._stream_ids[ended[0]]
        return ended

    def abandon(self) -> int:
        """Forget the calls under way, after the connection was lost; how many there were."""
        count = self.in_flight
        for calls in (self._streams, self._stream_ids, self._held):
            calls.clear()
        return count

    def _status_of(self, block: bytes) -> int:
        status = self._statuses.get(block)
        if status is None:
            decoder = hpack.Decoder()
            decoder.header_table_size = decoder.max_allowed_table_size = 0
            headers = dict(decoder.decode(block, raw=True))
            status = int(headers.get(b"grpc-status", b"2"))
            if len(self._statuses) >= _TRAILERS_KEPT_MAX:
                self._statuses.clear()
            self._statuses[block] = status
        return status

    def close(self) -> None:
        """Close the connection; calls in flight are cut off."""
        self._socket.close()


def _frame(kind: int, flags: int, stream_id: int, content: bytes) -> bytes:
    return b"%b%c%c%b%b" % (len(content).to_bytes(3, "big"), kind, flags, stream_id.to_bytes(4, "big"), content)


def _header_blocks(
    authority: str, path: str, timeout_ms: int | None, metadata: Sequence[tuple[str, str]]
) -> tuple[bytes, bytes]:
    """The headers of the first call, which enter the server's table, and of every other, which refer to it."""
    headers = [(":path", path), (":authority", authority), ("te", "trailers"), ("content-type", "application/grpc")]
    headers.append(("user-agent", "acd-load"))
    if timeout_ms is not None:
        headers.append(("grpc-timeout", f"{timeout_ms}m"))
    headers += metadata
    post, http = b"\x83", b"\x86"
    first = post + http + b"".join(b"\x40" + _text(name) + _text(value) for name, value in headers)
    count = len(headers)
    rest = bytes(0x80 | (_FIRST_DYNAMIC_INDEX + count - 1 - place) for place in range(count))
    return first, post + http + rest


def _text(text: str) -> bytes:
    size = len(text)
    if size < 127:
        return bytes([size]) + text.encode("ascii")
    if size - 127 >= 1 << 14:
        raise ValueError(f"{size} characters are too many for a header here")
    rest = size - 127
    length = bytes([rest]) if rest < 128 else bytes([rest & 0x7F | 0x80, rest >> 7])
    return b"\x7f" + length + text.encode("ascii")
