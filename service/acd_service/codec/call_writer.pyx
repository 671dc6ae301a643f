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
from acd_service.codec.event_writer cimport length_of, write_standing
from acd_service.codec.wire_writer cimport (
    Back,
    back_bytes,
    back_close,
    back_number,
    back_time,
    begin_back,
    put_bytes,
)

cdef enum:
    HEAD_BYTES_MAX = 64  # three tags, a number, a time, two lengths
    ANSWER_BYTES_MAX = 1400  # two ids of 128 characters of four bytes, a reserve for those that the engine gave, numbers
    IDS_CHARACTERS_MAX = 300


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
        cdef const uint8_t* end
        cdef Py_ssize_t size = len(behind)
        begin_back(back, HEAD_BYTES_MAX + len(request) + size)
        back.at -= size
        put_bytes(back.at, PyBytes_AS_STRING(behind), size)
        end = back.at
        back_bytes(back, field, PyBytes_AS_STRING(request), len(request))
        back_close(back, 3, end)
        back_time(back, 2, at_ns)
        back_number(back, 1, <uint64_t>seq)
        return PyBytes_FromStringAndSize(<const char*>back.at, back.end - back.at)

    def response(self, Command command not None, Answer answer not None):
        """The response of the call that brought a command about a contact or an agent; None if the plain codec has to
        be asked.
        """
        return self.response_of(command, &answer.data)

    cdef bytes response_of(self, Command command, const AnswerData* data):
        """As `response`, of an answer that is no object."""
        cdef Back* back = &self.back
        if command.kind == CMD_APPLY_POLICY or length_of(data.contact_id) + length_of(data.agent_id) > IDS_CHARACTERS_MAX:
            return None
        begin_back(back, ANSWER_BYTES_MAX)
        if data.contact_id != NULL:
            write_standing(back, 4, data)
        back_number(back, 3, data.duplicate)
        back_time(back, 2, data.at_ns)
        back_number(back, 1, <uint64_t>data.seq)
        return PyBytes_FromStringAndSize(<const char*>back.at, back.end - back.at)
