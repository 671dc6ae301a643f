from libc.stdint cimport uint64_t


cdef inline uint64_t mix(uint64_t hash_value, uint64_t word) noexcept nogil:
    hash_value = (hash_value ^ word) * <uint64_t>0x9E3779B97F4A7C15
    return hash_value ^ (hash_value >> 32)


cdef uint64_t bytes_word(const char* data, Py_ssize_t size) noexcept nogil
cdef uint64_t text_word(str text) except? 0
