# cython: language_level=3
"""Commands of the journal applied once more, a chunk at a time, each held to what it came to at first."""

from cpython.bytes cimport PyBytes_FromStringAndSize

from acd_core.commands cimport Command
from acd_core.engine cimport Engine
from acd_core.events cimport Answer
from acd_service.codec.chunks cimport Record, RecordCursor
from acd_service.codec.wire_reader cimport CommandReader

from acd_core.refusal import Refused
from acd_service.codec.records import BadRecord, decode_command

cdef CommandReader _reader = CommandReader()


class Astray(Exception):
    """A command did not come to what it came to at first.

    Attributes:
        seq: of the command.
        is_engine_fault: the engine failed; the journal is not to blame.
    """

    def __init__(self, seq, what, is_engine_fault=False):
        super().__init__(f"the engine fails on command {seq}: {what}" if is_engine_fault else f"command {seq} {what}")
        self.seq = seq
        self.what = what
        self.is_engine_fault = is_engine_fault


def replay_chunk(engine, bytes content not None, /):
    """Apply the commands of an `acd.v1.CommandChunk` that the engine does not have yet; returns how many.

    Raises:
        Astray: naming the first command that the engine does not take, or whose events are others than they were.
    """
    cdef RecordCursor cursor
    cdef Record record
    cdef Engine compiled = engine if type(engine) is Engine else None
    cdef Command command
    cdef Answer answer
    cdef Py_ssize_t count = 0
    cdef long long seq = engine.seq
    try:
        cursor = RecordCursor(content)
    except ValueError as error:
        raise Astray(seq + 1, f"cannot be read: {error}") from None
    while True:
        command = None
        answer = None
        try:
            if not cursor.next(&record):
                return count
            if record.seq <= seq:
                continue
            command = _reader.read(record.command.at, record.command.size)
            if command is None:
                command = decode_command(PyBytes_FromStringAndSize(<const char*>record.command.at, record.command.size))
        except (BadRecord, ValueError) as error:
            raise Astray(seq + 1, f"cannot be read: {error}") from None
        if record.seq != seq + 1:
            raise Astray(seq + 1, "is missing")
        try:
            if compiled is not None:
                compiled.take(record.at_ns, command)
                answer = compiled.answer
            else:
                answer = engine.apply(record.at_ns, command)
        except Refused as refused:
            raise Astray(record.seq, f"was accepted once and is refused now: {refused}") from None
        except Exception as error:
            raise Astray(record.seq, repr(error), True) from error
        if answer.data.duplicate or answer.data.seq != record.seq:
            raise Astray(record.seq, "is taken for another one")
        if (compiled.event_hash if compiled is not None else <unsigned long long>engine.event_hash) != record.event_hash:
            raise Astray(record.seq, "gives other events than it gave at first")
        seq = record.seq
        count += 1
