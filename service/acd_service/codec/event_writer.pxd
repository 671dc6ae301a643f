from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

from acd_core.events cimport AnswerData, EventData
from acd_service.codec.kept_fields cimport KeptTimes, Stamp
from acd_service.codec.wire_writer cimport Back, Buffer


cdef extern from "Python.h":
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* text)


cdef inline Py_ssize_t length_of(PyObject* text) noexcept:
    """Characters of a text of a record."""
    return 0 if text == NULL else PyUnicode_GET_LENGTH(text)


cdef class EventWriter:
    cdef Back back
    cdef Stamp stamp
    cdef KeptTimes times

    cdef bint append(self, Buffer* buffer, int field, const EventData* event, const void* tail,
                     Py_ssize_t tail_size) except -1


cdef uint8_t* back_standing(Back* back, uint8_t* at, int field, const AnswerData* answer) except NULL
