from acd_core.commands cimport Command
from acd_core.events cimport AnswerData
from acd_service.codec.wire_writer cimport Back


cdef class CallWriter:
    cdef Back back

    cdef bytes response_of(self, Command command, const AnswerData* data)
