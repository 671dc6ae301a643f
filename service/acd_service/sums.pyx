# cython: language_level=3
"""Checksums and hashes that are taken later, by a thread that has no interpreter, or when somebody asks."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t
from libcpp cimport bool as bool_t

cdef extern from "<zlib.h>" nogil:
    unsigned long crc32_z(unsigned long, const unsigned char*, size_t)

cdef extern from "<openssl/evp.h>" nogil:
    ctypedef struct EVP_MD_CTX:
        pass
    ctypedef struct EVP_MD:
        pass
    EVP_MD_CTX* EVP_MD_CTX_new()
    void EVP_MD_CTX_free(EVP_MD_CTX*)
    const EVP_MD* EVP_sha256()
    int EVP_DigestInit_ex(EVP_MD_CTX*, const EVP_MD*, void*)
    int EVP_DigestUpdate(EVP_MD_CTX*, const void*, size_t)
    int EVP_DigestFinal_ex(EVP_MD_CTX*, unsigned char*, unsigned int*)


cdef bool_t take(Sum* sum) noexcept nogil:
    cdef size_t place
    if sum.is_taken:
        return True
    for place in range(sum.parts.size()):
        if sum.parts[place].sum != NULL and not take(sum.parts[place].sum):
            return False
    if sum.is_sha256:
        sum.is_taken = _take_sha256(sum)
        return sum.is_taken
    for place in range(sum.parts.size()):
        sum.crc32 = <uint32_t>crc32_z(sum.crc32, sum.parts[place].bytes, sum.parts[place].size)
    sum.is_taken = True
    return True


cdef bool_t _take_sha256(Sum* sum) noexcept nogil:
    cdef size_t place
    cdef EVP_MD_CTX* context = EVP_MD_CTX_new()
    cdef bool_t is_right = context != NULL and EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1
    for place in range(sum.parts.size()):
        is_right = is_right and EVP_DigestUpdate(context, sum.parts[place].bytes, sum.parts[place].size) == 1
    is_right = is_right and EVP_DigestFinal_ex(context, sum.sha256, NULL) == 1
    EVP_MD_CTX_free(context)
    return is_right


cdef class Later:
    """One of them. It holds what it is over."""

    cdef int _is_over(self, part) except -1:
        cdef Part put
        if type(part) is bytes:
            put.bytes = <const unsigned char*>PyBytes_AS_STRING(part)
            put.size = PyBytes_GET_SIZE(part)
            put.sum = NULL
        elif type(part) is Sha256:
            put.sum = &(<Later>part).sum
            put.bytes = put.sum.sha256
            put.size = sizeof(put.sum.sha256)
        else:
            raise TypeError(f"{type(part).__name__} is not bytes")
        self.sum.parts.push_back(put)
        return 0

    cdef int _take(self) except -1:
        if not take(&self.sum):
            raise MemoryError("OpenSSL takes no SHA-256")
        return 0


cdef class Crc32(Later):
    """The CRC-32 of zlib.

    Args:
        start: of the bytes before.
    """

    def __cinit__(self, bytes content not None, uint32_t start=0):
        self._held = content
        self.sum.crc32 = start
        self._is_over(content)

    def taken(self):
        """The sum, a number."""
        self._take()
        return self.sum.crc32


cdef class Sha256(Later):
    """The SHA-256 of parts, of which some may be SHA-256 that are taken later."""

    def __cinit__(self, *parts):
        self._held = parts
        self.sum.is_sha256 = True
        for part in parts:
            self._is_over(part)

    def __len__(self):
        return sizeof(self.sum.sha256)

    def taken(self):
        """The hash, 32 bytes."""
        self._take()
        return self.sum.sha256[:sizeof(self.sum.sha256)]
