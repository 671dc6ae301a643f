from cpython.object cimport PyObject

from acd_core.events cimport AnswerData, EventData
from acd_service.codec.kept_fields cimport KeptTimes, Stamp
from acd_service.codec.wire_writer cimport Back, Buffer


cdef extern from "Python.h":
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* text)


cdef inline Py_ssize_t length_of(PyObject* text) noexcept:
    """Characters of a text of a record."""
    return 0 if text == NULL else PyUnicode_GET_LENGTH(text)


cdef class EventWriter:
    cdef Buffer own
    cdef Stamp stamp
    cdef KeptTimes times

    cdef bint write(self, const EventData* event, Buffer* buffer) except -1


cdef bint write_standing(Back* back, int field, const AnswerData* answer) except -1
