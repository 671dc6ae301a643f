"""Fields that come again and again, kept as they are encoded.

All that comes of one command has its number and its time; all commands of a batch have the same time, and the offers
that are made in it expire at a few times. Encoding such a field takes tens of instructions, copying it a few.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy, memset

from acd_service.codec.wire_writer cimport put_number, put_time

cdef enum:
    TIMES_BITS = 8
    KEPT_ROOM = 16  # bytes that have to be there for a kept field, however short it is


cdef struct KeptTime:
    int64_t value_ns  # -1: nothing is kept
    uint8_t size
    uint8_t content[15]  # a tag, a length, and with a tag each two numbers of at most 5 bytes


cdef struct KeptTimes:
    # The newer of two times that share a place replaces the older.
    KeptTime kept[256]


cdef struct Stamp:
    # The number of a command and its time, each with a tag.
    int64_t seq
    int64_t at_ns
    int64_t seq_size  # 0 with the number 0, which is not written
    int64_t at_size
    uint8_t seq_content[16]
    uint8_t at_content[16]


cdef inline void times_init(KeptTimes* times) noexcept nogil:
    memset(times, 0xFF, sizeof(KeptTimes))


cdef inline void stamp_init(Stamp* stamp) noexcept nogil:
    memset(stamp, 0, sizeof(Stamp))
    stamp.at_ns = -1


cdef inline void set_stamp(Stamp* stamp, int64_t seq, int64_t at_ns) noexcept nogil:
    """Both are not negative."""
    if seq != stamp.seq:
        stamp.seq_size = put_number(stamp.seq_content, 1, <uint64_t>seq) - stamp.seq_content
        stamp.seq = seq
    if at_ns != stamp.at_ns:
        stamp.at_size = put_time(stamp.at_content, 2, at_ns) - stamp.at_content
        stamp.at_ns = at_ns


cdef inline uint8_t* put_stamp(uint8_t* out, const Stamp* stamp, int field) noexcept nogil:
    """The number in `field`, the time in the one behind it."""
    memcpy(out, stamp.seq_content, KEPT_ROOM)
    out[0] = <uint8_t>(field << 3)
    out += stamp.seq_size
    memcpy(out, stamp.at_content, KEPT_ROOM)
    out[0] = <uint8_t>((field + 1) << 3 | 2)
    return out + stamp.at_size


cdef inline uint8_t* put_kept_time(uint8_t* out, int field, int64_t value_ns, KeptTimes* times) noexcept nogil:
    """As `put_time`."""
    cdef KeptTime* kept = &times.kept[(<uint64_t>value_ns * <uint64_t>0x9E3779B97F4A7C15) >> (64 - TIMES_BITS)]
    if kept.value_ns != value_ns:
        kept.size = <uint8_t>(put_time(kept.content, field, value_ns) - kept.content)
        kept.value_ns = value_ns
    memcpy(out, kept.content, sizeof(kept.content))
    out[0] = <uint8_t>(field << 3 | 2)
    return out + kept.size
