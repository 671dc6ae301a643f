# cython: language_level=3
"""Chunks of the journal, `acd.v1.CommandChunk` and `acd.v1.EventChunk`: put together, and taken apart again.

Only what this service writes is read: the fields of a record and the numbers of an event stand in their order.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from acd_core.commands cimport Command
from acd_service.codec.wire_fields cimport NANOS, take_duration, take_span, take_varint
from acd_service.codec.wire_reader cimport CommandReader
from acd_service.codec.wire_writer cimport put_bytes, put_frame, varint_size

from array import array

cdef extern from "Python.h":
    const Py_ssize_t PY_SSIZE_T_MAX

cdef enum:
    TAG_OF_RECORDS = 0x0A
    TAG_OF_HASHES = 0x12
    TAG_OF_EVENTS = 0x12

cdef CommandReader _reader = CommandReader()


cdef class RecordCursor:
    """Goes through the records of a CommandChunk."""

    def __init__(self, bytes content not None):
        cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(content)
        cdef const uint8_t* end = at + len(content)
        cdef Span span
        self.content = content
        self.at = at
        while at < end and at[0] == TAG_OF_RECORDS:
            at = take_span(at + 1, end, &span)
            if at == NULL:
                raise ValueError("a record is cut short")
        self.end = at
        if at == end or at[0] != TAG_OF_HASHES or take_span(at + 1, end, &self.hashes) != end:
            raise ValueError("the hashes of the events do not stand behind the records")

    cdef bint next(self, Record* record) except -1:
        """Fill in the next record; False if there is none."""
        if self.at == self.end:
            if self.taken * <Py_ssize_t>sizeof(uint64_t) != self.hashes.size:
                raise ValueError("there are more hashes than records")
            return False
        self.at = take_span(self.at + 1, self.end, &record.whole)
        _take_apart(record)
        if (self.taken + 1) * <Py_ssize_t>sizeof(uint64_t) > self.hashes.size:
            raise ValueError("there are fewer hashes than records")
        memcpy(&record.event_hash, self.hashes.at + self.taken * sizeof(uint64_t), sizeof(uint64_t))
        self.taken += 1
        return True


cdef int _take_apart(Record* record) except -1:
    """Fill in what the bytes of a record say."""
    cdef const uint8_t* at = record.whole.at
    cdef const uint8_t* end = at + record.whole.size
    cdef uint64_t seq
    cdef int64_t seconds, nanos
    cdef Span span
    if at < end and at[0] == 0x08:
        at = take_varint(at + 1, end, &seq)
    else:
        at = NULL
    if at == NULL or at == end or at[0] != 0x12:
        raise ValueError("a record has no number or no time")
    at = take_span(at + 1, end, &span)
    if at == NULL or not take_duration(span, &seconds, &nanos) or at == end or at[0] != 0x1A:
        raise ValueError("a record has no time or no command")
    if take_span(at + 1, end, &record.command) == NULL:
        raise ValueError("a command is cut short")
    record.seq = <int64_t>seq
    record.at_ns = seconds * NANOS + nanos
    return 0


def record_in(bytes content not None, /):
    """The seq, the time in nanoseconds and the command of an `acd.v1.CommandRecord`; None if the plain codec has to be
    asked.
    """
    cdef Record record
    cdef Command command
    record.whole.at = <const uint8_t*>PyBytes_AS_STRING(content)
    record.whole.size = len(content)
    try:
        _take_apart(&record)
    except ValueError:
        return None
    command = _reader.read(record.command.at, record.command.size)
    return None if command is None else (record.seq, record.at_ns, command)


def commands_in(bytes content not None, /):
    """The records of a CommandChunk: for each its seq, time in nanoseconds, event hash and the bytes of the record.

    Raises:
        ValueError: it is none.
    """
    cdef RecordCursor cursor = RecordCursor(content)
    cdef Record record
    cdef list found = []
    while cursor.next(&record):
        found.append((record.seq, record.at_ns, record.event_hash,
                      PyBytes_FromStringAndSize(<const char*>record.whole.at, record.whole.size)))
    return found


def events_in(bytes content not None, int64_t from_event_seq=0, Py_ssize_t events_max=PY_SSIZE_T_MAX, /):
    """The events of an EventChunk, from one on and at most so many: for each its event_seq, the seq of its command and
    its bytes.

    Raises:
        ValueError: it is none, or its events, those that are left out too, do not follow each other.
    """
    cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(content)
    cdef const uint8_t* end = at + len(content)
    cdef const uint8_t* within
    cdef uint64_t event_seq, seq
    cdef uint64_t last = 0
    cdef Span span
    cdef list found = []
    while at < end:
        if at[0] != TAG_OF_EVENTS:
            raise ValueError("there is something else than events")
        at = take_span(at + 1, end, &span)
        if at == NULL:
            raise ValueError("an event is cut short")
        within = NULL
        if span.size and span.at[0] == 0x08:
            within = take_varint(span.at + 1, at, &event_seq)
        if within == NULL or within == at or within[0] != 0x10 or take_varint(within + 1, at, &seq) == NULL:
            raise ValueError("an event has no numbers")
        if last and event_seq != last + 1:
            raise ValueError(f"event {event_seq} stands behind event {last}")
        last = event_seq
        if <int64_t>event_seq >= from_event_seq and len(found) < events_max:
            found.append((event_seq, seq, PyBytes_FromStringAndSize(<const char*>span.at, span.size)))
    return found


cdef bytes _joined(uint8_t tag, contents, uint8_t tail_tag, bytes tail):
    cdef Py_ssize_t size = 0
    cdef bytes content, result
    cdef uint8_t* out
    for content in contents:
        size += 1 + varint_size(<uint64_t>len(content)) + len(content)
    if tail is not None:
        size += 1 + varint_size(<uint64_t>len(tail)) + len(tail)
    result = PyBytes_FromStringAndSize(NULL, size)
    out = <uint8_t*>PyBytes_AS_STRING(result)
    for content in contents:
        out = put_frame(out, tag, len(content))
        out = put_bytes(out, PyBytes_AS_STRING(content), len(content))
    if tail is not None:
        out = put_frame(out, tail_tag, len(tail))
        put_bytes(out, PyBytes_AS_STRING(tail), len(tail))
    return result


def command_chunk(records, event_hashes, /):
    """A CommandChunk of records as bytes, in order, and the hash of the events after each."""
    return _joined(TAG_OF_RECORDS, records, TAG_OF_HASHES, array("Q", event_hashes).tobytes())


def event_chunk(events, /):
    """An EventChunk of events as bytes, in order."""
    return _joined(TAG_OF_EVENTS, events, 0, None)


def joined_command_chunks(chunks, counts, /):
    """The CommandChunk of CommandChunks that follow each other, which have so many records.

    Raises:
        ValueError: one of them is none, or has not so many.
    """
    cdef Py_ssize_t records = 0
    cdef Py_ssize_t count, tail, size
    cdef list sizes = []
    cdef bytes content, result
    cdef uint8_t* out
    cdef uint8_t* hashes
    for content, count in zip(chunks, counts, strict=True):
        tail = sizeof(uint64_t) * count
        size = len(content) - 1 - varint_size(<uint64_t>tail) - tail
        if size < 0 or PyBytes_AS_STRING(content)[size] != TAG_OF_HASHES:
            raise ValueError(f"a chunk has not {count} records")
        sizes.append(size)
        records += size
    tail = sizeof(uint64_t) * sum(counts)
    result = PyBytes_FromStringAndSize(NULL, records + 1 + varint_size(<uint64_t>tail) + tail)
    out = <uint8_t*>PyBytes_AS_STRING(result)
    hashes = put_frame(out + records, TAG_OF_HASHES, tail)
    for content, count, size in zip(chunks, counts, sizes, strict=True):
        out = put_bytes(out, PyBytes_AS_STRING(content), size)
        tail = sizeof(uint64_t) * count
        hashes = put_bytes(hashes, PyBytes_AS_STRING(content) + len(content) - tail, tail)
    return result
