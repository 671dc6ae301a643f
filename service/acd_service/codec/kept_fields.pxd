"""Fields that come again and again, kept as they are encoded.

All that comes of one command has its number and its time; all commands of a batch have the same time, and the offers
that are made in it expire at a few times. Encoding such a field takes tens of instructions, copying it a few.

Each can be put behind what is there (`put_…`) or before it (`back_…`), by a copy of a fixed size: what is copied too much
lies where something else will be written.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy, memset

from acd_service.codec.wire_writer cimport put_number, put_time

cdef enum:
    TIMES_BITS = 8
    TIME_ROOM = 16  # bytes that have to be there for a kept time, however short it is: a tag, a length, two numbers
    STAMP_ROOM = 32  # of a kept stamp: a number of at most 11 bytes and a time


cdef struct KeptTime:
    int64_t value_ns  # -1: nothing is kept
    int64_t size
    uint8_t content[32]  # the field stands at TIME_ROOM


cdef struct KeptTimes:
    # The newer of two times that share a place replaces the older.
    KeptTime kept[256]


cdef struct Stamp:
    # The number of a command and its time, as the fields 2 and 3.
    int64_t seq
    int64_t at_ns
    int64_t seq_size  # 0 with the number 0, which is not written
    int64_t size
    uint8_t content[64]  # the fields stand at STAMP_ROOM


cdef inline void times_init(KeptTimes* times) noexcept nogil:
    memset(times, 0xFF, sizeof(KeptTimes))


cdef inline void stamp_init(Stamp* stamp) noexcept nogil:
    memset(stamp, 0, sizeof(Stamp))
    stamp.at_ns = -1


cdef inline void set_stamp(Stamp* stamp, int64_t seq, int64_t at_ns) noexcept nogil:
    """Both are not negative."""
    cdef uint8_t* out = stamp.content + STAMP_ROOM
    if at_ns == stamp.at_ns:
        if seq == stamp.seq:
            return
        if seq == stamp.seq + 1 and out[1] & 0x7F != 0x7F and stamp.seq_size:
            # The next number differs in its lowest seven bits alone, which stand first.
            out[1] += 1
            stamp.seq = seq
            return
    stamp.seq = seq
    stamp.at_ns = at_ns
    stamp.seq_size = put_number(out, 2, <uint64_t>seq) - out
    stamp.size = put_time(out + stamp.seq_size, 3, at_ns) - out


cdef inline uint8_t* put_stamp(uint8_t* out, const Stamp* stamp, int field) noexcept nogil:
    """The number in `field`, the time in the one behind it."""
    memcpy(out, stamp.content + STAMP_ROOM, STAMP_ROOM)
    out[0] = <uint8_t>(field << 3)
    out[stamp.seq_size] = <uint8_t>((field + 1) << 3 | 2)
    return out + stamp.size


cdef inline uint8_t* back_stamp(uint8_t* at, const Stamp* stamp) noexcept nogil:
    """The number in field 2, the time in field 3."""
    memcpy(at - STAMP_ROOM, stamp.content + stamp.size, STAMP_ROOM)
    return at - stamp.size


cdef inline KeptTime* _kept(int field, int64_t value_ns, KeptTimes* times) noexcept nogil:
    cdef KeptTime* kept = &times.kept[(<uint64_t>value_ns * <uint64_t>0x9E3779B97F4A7C15) >> (64 - TIMES_BITS)]
    if kept.value_ns != value_ns:
        kept.size = put_time(kept.content + TIME_ROOM, field, value_ns) - kept.content - TIME_ROOM
        kept.value_ns = value_ns
    return kept


cdef inline uint8_t* put_kept_time(uint8_t* out, int field, int64_t value_ns, KeptTimes* times) noexcept nogil:
    """As `put_time`."""
    cdef const KeptTime* kept = _kept(field, value_ns, times)
    memcpy(out, kept.content + TIME_ROOM, TIME_ROOM)
    out[0] = <uint8_t>(field << 3 | 2)
    return out + kept.size


cdef inline uint8_t* back_kept_time(uint8_t* at, int field, int64_t value_ns, KeptTimes* times) noexcept nogil:
    """As `back_time`."""
    cdef const KeptTime* kept = _kept(field, value_ns, times)
    memcpy(at - TIME_ROOM, kept.content + kept.size, TIME_ROOM)
    at -= kept.size
    at[0] = <uint8_t>(field << 3 | 2)
    return at
