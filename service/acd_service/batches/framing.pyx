# cython: language_level=3
"""Where the commands are in the bytes of a DispatchRequest; nothing is copied, and no command is read."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, realloc

from acd_service.codec.wire_fields cimport Fields, PLACE_OF_30, take_fields, take_span, take_varint

cdef enum:
    TAG_OF_BATCH_ID = 0x08
    TAG_OF_COMMANDS = 0x12
    TAG_OF_ENQUEUE = 0x0A
    TAG_OF_UPSERT_AGENTS = 0x52
    TAG_OF_APPLY_POLICY = 0x62  # that of RemoveAgents is between them
    TWO_BYTES = 0x80  # from here on a tag has more than one: changes of the directory, and what only the server gives


cdef inline bint _is_one_field(Span command) noexcept nogil:
    """Whether a command that is not empty is what it begins with: of more than one field protobuf takes the last."""
    cdef Span content
    if command.at[0] & 7 != 2 or command.at[0] >= TWO_BYTES and (command.size < 2 or command.at[1] >= TWO_BYTES):
        return False
    cdef Py_ssize_t tag_size = 2 if command.at[0] >= TWO_BYTES else 1
    cdef const uint8_t* end = command.at + command.size
    return take_span(command.at + tag_size, end, &content) == end


cdef class Frame:
    """The commands of a request, by place."""

    def __dealloc__(self):
        free(self.commands)

    def __len__(self):
        return self.count

    cdef int _grow(self) except -1:
        cdef Py_ssize_t room = self.room * 2 or 256
        cdef void* grown = realloc(self.commands, <size_t>room * sizeof(Span))
        if grown == NULL:
            raise MemoryError
        self.commands = <Span*>grown
        self.room = room
        return 0

    def command(self, Py_ssize_t place):
        """The bytes of one command, an `acd.v1.Command`."""
        if not 0 <= place < self.count:
            raise IndexError(place)
        return PyBytes_FromStringAndSize(<const char*>self.commands[place].at, self.commands[place].size)

    @property
    def size_bytes(self):
        """Of the whole request."""
        return len(self.content)

    def administers(self):
        """Whether there is a command among them that changes the roster or the policy, or may turn out to be one."""
        cdef Span span
        cdef Py_ssize_t place
        for place in range(self.count):
            span = self.commands[place]
            if span.size and (TAG_OF_UPSERT_AGENTS <= span.at[0] <= TAG_OF_APPLY_POLICY or not _is_one_field(span)):
                return True
        return False

    def places_with_customers(self, bint by_address_only):
        """The places of what the directory has a part in: new contacts whose customer may have to be looked up, by
        address, or by id too, which it always is behind a change of the directory; and such changes.
        """
        cdef list places = []
        cdef Fields fields
        cdef Span span, inner
        cdef Py_ssize_t place
        for place in range(self.count):
            span = self.commands[place]
            if not span.size:
                continue
            if span.at[0] != TAG_OF_ENQUEUE:
                if span.at[0] >= TWO_BYTES or not _is_one_field(span):
                    places.append(place)
                    by_address_only = False
                continue
            if take_span(span.at + 1, span.at + span.size, &inner) != span.at + span.size \
                    or not take_fields(inner.at, inner.size, 9, &fields):
                # Unusual: who reads it properly will see.
                places.append(place)
                by_address_only = False
            elif fields.texts >> PLACE_OF_30 & 1 and fields.text[PLACE_OF_30].size:
                places.append(place)
            elif not by_address_only and fields.texts & 0x100 and fields.text[8].size:
                places.append(place)
        return places


def frame(bytes content not None):
    """The frame of a request; None if its bytes are not as a client usually writes them."""
    cdef Frame result = Frame.__new__(Frame)
    cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(content)
    cdef const uint8_t* end = at + len(content)
    cdef Span span
    result.content = content
    while at < end:
        if at[0] == TAG_OF_COMMANDS:
            at = take_span(at + 1, end, &span)
            if at == NULL:
                return None
            if result.count == result.room:
                result._grow()
            result.commands[result.count] = span
            result.count += 1
        elif at[0] == TAG_OF_BATCH_ID:
            at = take_varint(at + 1, end, &result.batch_id)
            if at == NULL:
                return None
        else:
            return None
    return result
