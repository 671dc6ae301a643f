# cython: language_level=3
"""Checksums and hashes that are taken later, by a thread that has no interpreter, or when somebody asks."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t
from libcpp cimport bool as bool_t

cdef extern from *:
    """
    #include <zlib.h>

    #if defined(__x86_64__)
    #include <immintrin.h>

    /* What x to the power of n leaves when it is divided by the polynomial of CRC-32: bits reflected, one bit up, as
       multiplication without carry wants it. */
    static long long crc32_power(int n) {
        uint32_t left = 0x80000000u;
        while (n--) left = left >> 1 ^ (left & 1 ? 0xEDB88320u : 0);
        return static_cast<long long>(left) << 1;
    }

    /* What 128 bits are worth that stand some bits further to the left, with what stands there. */
    __attribute__((target("pclmul")))
    static inline __m128i crc32_folded(__m128i bits, __m128i powers, __m128i there) {
        const __m128i low = _mm_clmulepi64_si128(bits, powers, 0x00);
        return _mm_xor_si128(_mm_xor_si128(low, _mm_clmulepi64_si128(bits, powers, 0x11)), there);
    }

    /* Folds the bytes into 16 that have the same remainder (V. Gopal and others, "Fast CRC computation for generic
       polynomials using PCLMULQDQ instruction", Intel 2009), which zlib then divides. Zlib alone, as Debian has it, takes some twenty times as long. */
    __attribute__((target("pclmul")))
    static uint32_t crc32_by_folding(uint32_t crc, const unsigned char* bytes, size_t size) {
        static const __m128i by_64 = _mm_set_epi64x(crc32_power(512 - 32), crc32_power(512 + 32));
        static const __m128i by_16 = _mm_set_epi64x(crc32_power(128 - 32), crc32_power(128 + 32));
        const __m128i* at = reinterpret_cast<const __m128i*>(bytes);
        __m128i first = _mm_xor_si128(_mm_loadu_si128(at), _mm_cvtsi32_si128(static_cast<int>(~crc)));
        __m128i second = _mm_loadu_si128(at + 1), third = _mm_loadu_si128(at + 2), fourth = _mm_loadu_si128(at + 3);
        for (at += 4, size -= 64; size >= 64; at += 4, size -= 64) {
            first = crc32_folded(first, by_64, _mm_loadu_si128(at));
            second = crc32_folded(second, by_64, _mm_loadu_si128(at + 1));
            third = crc32_folded(third, by_64, _mm_loadu_si128(at + 2));
            fourth = crc32_folded(fourth, by_64, _mm_loadu_si128(at + 3));
        }
        second = crc32_folded(first, by_16, second);
        third = crc32_folded(second, by_16, third);
        fourth = crc32_folded(third, by_16, fourth);
        unsigned char left[16];
        _mm_storeu_si128(reinterpret_cast<__m128i*>(left), fourth);
        return crc32_z(crc32_z(0xFFFFFFFFu, left, sizeof left), reinterpret_cast<const unsigned char*>(at), size);
    }

    static uint32_t crc32_of(uint32_t crc, const unsigned char* bytes, size_t size) {
        static const bool can_fold = __builtin_cpu_supports("pclmul");
        return can_fold && size >= 64 ? crc32_by_folding(crc, bytes, size) : crc32_z(crc, bytes, size);
    }
    #else
    static uint32_t crc32_of(uint32_t crc, const unsigned char* bytes, size_t size) { return crc32_z(crc, bytes, size); }
    #endif
    """
    uint32_t crc32_of(uint32_t, const unsigned char*, size_t) nogil

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
        sum.crc32 = crc32_of(sum.crc32, sum.parts[place].bytes, sum.parts[place].size)
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
