from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t


cdef struct Kept:
    uint64_t key
    PyObject* text  # NULL: nothing is kept here


cdef class Texts:
    cdef Kept* kept
    cdef uint64_t mask
    cdef object check
    cdef Py_ssize_t plain_max

    cdef str take(self, const uint8_t* at, Py_ssize_t size)
    cdef str _make(self, const uint8_t* at, Py_ssize_t size, Kept* place, uint64_t key)
