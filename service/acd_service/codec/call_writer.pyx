# cython: language_level=3
"""What one call leaves behind, written without protobuf between: its record in the journal, and its response.

`codec.records` and `codec.answers` are the specification. What is unusual is answered with None: then they have to be
asked.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free

from acd_core.commands cimport Command
from acd_core.events cimport Answer, AnswerData
from acd_core.types cimport *
from acd_service.codec.event_writer cimport back_standing
from acd_service.codec.wire_writer cimport (
    BACK_ROOM,
    Back,
    back_bytes,
    back_head,
    back_number,
    back_time,
    begin_back,
    put_bytes,
)

cdef enum:
    HEAD_BYTES_MAX = 64  # three tags, a number, a time, two lengths


@cython.final
cdef class CallWriter:
    """Holds the room that it writes in."""

    def __dealloc__(self):
        free(self.back.data)

    def record(self, int64_t seq, int64_t at_ns, int field, bytes request not None, bytes behind not None):
        """An `acd.v1.CommandRecord` that holds the very bytes of a request.

        Args:
            at_ns: nanoseconds since the Unix epoch, not negative.
            field: the request's number in `acd.v1.Command`.
            behind: put behind it: the field `asked_by`.
        """
        cdef Back* back = &self.back
        cdef Py_ssize_t size = len(behind)
        cdef uint8_t* at = begin_back(back, HEAD_BYTES_MAX + len(request) + size) - size
        put_bytes(at, PyBytes_AS_STRING(behind), size)
        at = back_bytes(at, field, PyBytes_AS_STRING(request), len(request))
        at = back_head(at, 3, back.end - size - at)
        at = back_number(back_time(at, 2, at_ns), 1, <uint64_t>seq)
        return PyBytes_FromStringAndSize(<const char*>at, back.end - at)

    def response(self, Command command not None, Answer answer not None):
        """The response of the call that brought a command about a contact or an agent; None if the plain codec has to
        be asked.
        """
        return self.response_of(command, &answer.data)

    cdef bytes response_of(self, Command command, const AnswerData* data):
        """As `response`, of an answer that is no object."""
        cdef Back* back = &self.back
        cdef uint8_t* at
        if command.kind == CMD_APPLY_POLICY:
            return None
        at = begin_back(back, 2 * BACK_ROOM)
        if data.contact_id != NULL:
            at = back_standing(back, at, 4, data)
        at = back_number(at, 3, data.duplicate)
        at = back_number(back_time(at, 2, data.at_ns), 1, <uint64_t>data.seq)
        return PyBytes_FromStringAndSize(<const char*>at, back.end - at)
