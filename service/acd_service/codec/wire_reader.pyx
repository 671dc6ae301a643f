# cython: language_level=3
"""From the bytes of a command to the engine's command or order, without protobuf between: what most commands look like.

`codec.requests` is the specification. Whatever is unusual here, be it for protobuf (a field that comes twice, an unknown
one, a wrong wire type, text that is no UTF-8) or for the checks of a command (anything that would be refused), is
answered with None: then protobuf and the plain codec have to say what it is. So a refusal is worded in one place.

Commands are made without their constructors, so each maker checks what the constructor would. Ids of agents, queues and
channels and requirements come again and again and are looked up in a table of texts that were checked before.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_REFCNT
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcmp

from acd_core.orders cimport Name, Order
from acd_core.programs cimport SYMBOLS_MAX, Symbol, read_program
from acd_core.types cimport *
from acd_service.codec.outlines cimport Outline, ms_of, read_credit, read_outline, read_priority
from acd_service.codec.wire_fields cimport is_plain, take_far_text, take_fields, take_number, take_span, take_text
from acd_service.codec.wire_writer cimport acd_copy, framed_size, put_bytes, put_frame

from acd_core.checks import check_id, check_text
from acd_core.command_checks import parse_cached
from acd_core.limits import (
    AGENTS_PER_COMMAND_MAX,
    ATTRIBUTE_BYTES_MAX,
    DURATION_MS_MAX,
    DURATION_MS_MIN,
    ID_BYTES_MAX,
    PREFERRED_AGENTS_MAX,
    REASON_BYTES_MAX,
)

cdef extern from "Python.h":
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 greatest)
    void* PyUnicode_DATA(str text)
    str PyUnicode_DecodeUTF8(const char* data, Py_ssize_t size, const char* errors)

cdef int64_t _DURATION_MS_MIN = DURATION_MS_MIN
cdef int64_t _DURATION_MS_MAX = DURATION_MS_MAX
cdef Py_ssize_t _ID_BYTES_MAX = ID_BYTES_MAX
cdef Py_ssize_t _ATTRIBUTE_BYTES_MAX = ATTRIBUTE_BYTES_MAX
cdef int _PREFERRED_MAX = PREFERRED_AGENTS_MAX
cdef int _AGENTS_MAX = AGENTS_PER_COMMAND_MAX

cdef enum:
    # Fields of acd.v1.Command, and so of the requests.
    UPDATE_CONTACT = 2
    HEARTBEAT = 9
    ENTRIES_MAX = 64
    NAMES = 1 << 16
    REQUIREMENTS = 1 << 14
    OTHERS = 1 << 8


cdef struct Entry:
    # One of a map from text to text.
    Span key
    Span value


def _check_requirement(str text):
    cdef Symbol[SYMBOLS_MAX] symbols
    # The parser of objects takes tens of microseconds, so it only judges what the engine's own reader leaves to it.
    if text and read_program(text, 1, symbols) < 0:
        parse_cached(text)


def _check_reason(text):
    check_text(text, REASON_BYTES_MAX, "reason")


def _check_name(text):
    check_id(text, "")


cdef class CommandReader:
    """Holds what it has read before; one for each thread of work that reads many commands."""

    def __cinit__(self):
        self.names = Texts(NAMES, _check_name, ID_BYTES_MAX)
        self.requirements = Texts(REQUIREMENTS, _check_requirement)
        self.others = Texts(OTHERS, _check_reason)
        self.enqueue = EnqueueContact.__new__(EnqueueContact)
        self.accept = AcceptOffer.__new__(AcceptOffer)
        self.decline = DeclineOffer.__new__(DeclineOffer)
        self.complete = CompleteContact.__new__(CompleteContact)
        self.finish = FinishWrapUp.__new__(FinishWrapUp)
        self.cancel = CancelContact.__new__(CancelContact)
        self.presence = SetPresence.__new__(SetPresence)

    def command(self, bytes content not None):
        """The command in an `acd.v1.Command`, of those that callers give; None if the plain codec has to be asked."""
        return self.read(<const uint8_t*>PyBytes_AS_STRING(content), len(content))

    def request(self, int number, bytes content not None):
        """The command that a request asks for; None if the plain codec has to be asked.

        Args:
            number: the number of the field of `acd.v1.Command` that holds such a request.
        """
        cdef Span span
        span.at = <const uint8_t*>PyBytes_AS_STRING(content)
        span.size = len(content)
        return self.read_request(number, span)

    cdef Command read(self, const uint8_t* at, Py_ssize_t size):
        """As `command`."""
        cdef Span span
        cdef uint8_t tag
        if size < 2:
            return None
        tag = at[0]
        if tag & 7 != 2 or take_span(at + 1, at + size, &span) != at + size:
            return None
        return self.read_request(tag >> 3, span)

    cdef Command read_request(self, int field, Span content):
        """As `request`."""
        cdef Outline outline
        cdef Fields fields
        if field == UPDATE_CONTACT:
            return self._update(content)
        if field == HEARTBEAT:
            return self._heartbeat(&fields, content) if take_fields(content.at, content.size, 2, &fields) else None
        return self.command_of(&outline, None) if read_outline(field, content, &outline) else None

    cdef Command command_of(self, const Outline* outline, Skills skills):
        """The command that an outline is of; None if the plain codec has to be asked.

        Args:
            skills: those of the engine that is to take it: a requirement that they know needs no look; or None.
        """
        cdef int kind = outline.order.kind
        if kind == CMD_ENQUEUE_CONTACT:
            return self._enqueue(outline, skills)
        if kind == CMD_ACCEPT_OFFER:
            return self._accept(outline)
        if kind == CMD_COMPLETE_CONTACT:
            return self._complete(outline)
        if kind == CMD_FINISH_WRAP_UP:
            return self._finish(outline)
        if kind == CMD_CANCEL_CONTACT:
            return self._cancel(outline)
        if kind == CMD_SET_PRESENCE:
            return self._set_presence(outline)
        return self._decline(outline)

    cdef bint order_of(self, Skills skills, Outline* outline) except -1:
        """Complete the order of a bare outline, whose texts last until the next one; False if the plain codec has to be
        asked.

        Its names need their keys. A requirement that is known in `skills` needs no look.
        """
        cdef Order* order = &outline.order
        if order.kind == CMD_ENQUEUE_CONTACT:
            if skills.find_named(&order.requirement) < 0 and self._requirement(outline, None) is None:
                return False
            if not self._take_own(outline):
                return False
            order.contact_id = NULL
            order.customer_id = <PyObject*>self.customer_id
            order.attributes = <PyObject*>self.attributes
            order.attached = False
            order.plain = True
        elif order.kind == CMD_SET_PRESENCE:
            self.reason = self._reason(outline)
            order.reason = <PyObject*>self.reason
            return self.reason is not None
        return True

    # Values

    cdef str _name(self, const Name* name):
        """An id that is likely to have come before; None if it would be refused."""
        return self.names.take(<const uint8_t*>name.at, name.size)

    cdef str _new_id(self, const uint8_t* at, Py_ssize_t size):
        """An id that is likely to be new; None if it would be refused."""
        cdef str result
        if not 0 < size <= _ID_BYTES_MAX:
            return None
        if not is_plain(at, size):
            return self.names.take(at, size)
        result = PyUnicode_New(size, 0x7F)
        acd_copy(PyUnicode_DATA(result), at, size)
        return result

    cdef bint _begin(self, Command command, int kind, Span request_id) except -1:
        command.kind = kind
        command.request_id = ""
        if request_id.size:
            command.request_id = self._new_id(request_id.at, request_id.size)
        return command.request_id is not None

    cdef str _reason(self, const Outline* outline):
        if not outline.reason.size:
            return ""
        return self.others.take(outline.reason.at, outline.reason.size)

    cdef str _requirement(self, const Outline* outline, Skills skills):
        """The requirement of a new contact; None if it would be refused."""
        cdef int32_t slot
        if not outline.order.requirement.size:
            return ""
        if skills is not None:
            slot = skills.find_named(&outline.order.requirement)
            if slot >= 0:
                return <str>skills.requirements[slot].text
        return self.requirements.take(<const uint8_t*>outline.order.requirement.at, outline.order.requirement.size)

    cdef bint _take_own(self, const Outline* outline) except -1:
        """Read what a new contact has to itself beside its id; False if that would be refused."""
        self.customer_id = ""
        if outline.customer.size:
            self.customer_id = self._new_id(outline.customer.at, outline.customer.size)
        self.attributes = b""
        if outline.attribute_count:
            self.attributes = packed_entries(outline.attributes, 9, outline.attribute_count)
        return self.customer_id is not None and self.attributes is not None

    cdef bint _prefer(self, Span content) except -1:
        """Read an AgentPreference."""
        cdef Fields fields
        cdef tuple agent_ids
        if not take_fields(content.at, content.size, 1, &fields):
            return False
        if fields.texts & ~<uint32_t>0x6 or fields.numbers & ~<uint32_t>0x8 or fields.repeats > _PREFERRED_MAX:
            return False
        agent_ids = _names_in(self, content, 1, fields.repeats)
        if agent_ids is None:
            return False
        self.preferred = agent_ids
        self.preferred_hold_ms = -1
        if fields.texts & 0x4:
            self.preferred_hold_ms = ms_of(fields.text[2])
            if self.preferred_hold_ms != 0 and not _DURATION_MS_MIN <= self.preferred_hold_ms <= _DURATION_MS_MAX:
                return False
        self.only_preferred = fields.numbers & 0x8 != 0 and fields.number[3] != 0
        return fields.repeats > 0 or not self.only_preferred

    # Commands

    cdef Command _enqueue(self, const Outline* outline, Skills skills):
        cdef EnqueueContact command
        cdef str contact_id = ""
        cdef str queue_id = self._name(&outline.order.queue)
        cdef str channel_id = self._name(&outline.order.channel)
        cdef str requirement = self._requirement(outline, skills)
        if outline.order.contact.size:
            contact_id = self._new_id(<const uint8_t*>outline.order.contact.at, outline.order.contact.size)
        if contact_id is None or queue_id is None or channel_id is None or requirement is None \
                or not self._take_own(outline):
            return None
        if outline.names_preference and not self._prefer(outline.preference):
            return None
        command = self.enqueue
        if Py_REFCNT(command) > 2:
            command = EnqueueContact.__new__(EnqueueContact)
            self.enqueue = command
        if not self._begin(command, CMD_ENQUEUE_CONTACT, outline.request_id):
            return None
        command.contact_id = contact_id
        command.queue_id = queue_id
        command.channel_id = channel_id
        command.requirement = requirement
        command.priority = outline.order.priority
        command.credit_ms = outline.order.credit_ms
        command.customer_id = self.customer_id
        command.attributes = self.attributes
        command.attached = False
        command.plain = True
        command.only_preferred = False
        command.preferred_agents = ()
        command.preferred_hold_ms = -1
        command.callback_address = ""
        command.window_start_ns = 0
        command.window_end_ns = 0
        command.attempts_max = 0
        command.consults_contact_id = ""
        command.skill_weights = ()
        if outline.names_preference:
            command.preferred_agents = self.preferred
            command.preferred_hold_ms = self.preferred_hold_ms
            command.only_preferred = self.only_preferred
            command.plain = not self.preferred and self.preferred_hold_ms == -1 and not self.only_preferred
        return command

    cdef Command _update(self, Span content):
        cdef UpdateContact command = UpdateContact.__new__(UpdateContact)
        cdef const uint8_t* end = content.at + content.size
        cdef const uint8_t* at
        cdef const uint8_t* before
        cdef Span request_id, contact, requirement, credit, attributes, preference
        cdef Fields entries
        cdef uint64_t priority, held
        cdef int64_t whole
        cdef bint changes_priority, changes_held
        at = take_text(content.at, end, 1 << 3 | 2, &request_id)
        at = take_text(at, end, 2 << 3 | 2, &contact)
        at = take_text(at, end, 3 << 3 | 2, &requirement)
        before = at
        at = take_number(at, end, 4 << 3, &priority)
        changes_priority = at != before
        at = take_text(at, end, 5 << 3 | 2, &credit)
        at = take_text(at, end, 6 << 3 | 2, &attributes)
        before = at
        at = take_number(at, end, 7 << 3, &held)
        changes_held = at != before
        at = take_far_text(at, end, 30, &preference)
        if at != end or not contact.size or not self._begin(command, CMD_UPDATE_CONTACT, request_id):
            return None
        command.contact_id = self.names.take(contact.at, contact.size)
        if command.contact_id is None:
            return None
        if requirement.at != NULL:
            command.requirement = self.requirements.take(requirement.at, requirement.size)
            if command.requirement is None:
                return None
        if changes_priority:
            if not read_priority(priority, &whole):
                return None
            command.priority = whole
        if credit.at != NULL:
            if not read_credit(credit, &whole):
                return None
            command.credit_ms = whole
        if attributes.at != NULL:
            if not take_fields(attributes.at, attributes.size, 1, &entries) or entries.texts & ~<uint32_t>0x2 \
                    or entries.numbers:
                return None
            command.attributes = packed_entries(attributes, 1, entries.repeats)
            if command.attributes is None:
                return None
        if changes_held:
            command.held = held != 0
        command.preferred_hold_ms = -1
        if preference.at != NULL:
            if not self._prefer(preference):
                return None
            command.preferred_agents = self.preferred
            command.preferred_hold_ms = self.preferred_hold_ms
            command.only_preferred = self.only_preferred
        elif command.requirement is None and command.priority is None and command.credit_ms is None \
                and command.attributes is None and command.held is None:
            return None
        return command

    cdef Command _cancel(self, const Outline* outline):
        cdef CancelContact command
        cdef str contact_id = self._new_id(<const uint8_t*>outline.order.contact.at, outline.order.contact.size)
        if contact_id is None:
            return None
        command = self.cancel
        if Py_REFCNT(command) > 2:
            command = CancelContact.__new__(CancelContact)
            self.cancel = command
        if not self._begin(command, CMD_CANCEL_CONTACT, outline.request_id):
            return None
        command.contact_id = contact_id
        command.abandoned = outline.order.abandoned
        return command

    cdef Command _accept(self, const Outline* outline):
        cdef AcceptOffer command
        cdef str contact_id = self._new_id(<const uint8_t*>outline.order.contact.at, outline.order.contact.size)
        cdef str agent_id = self._name(&outline.order.agent)
        if contact_id is None or agent_id is None:
            return None
        command = self.accept
        if Py_REFCNT(command) > 2:
            command = AcceptOffer.__new__(AcceptOffer)
            self.accept = command
        if not self._begin(command, CMD_ACCEPT_OFFER, outline.request_id):
            return None
        command.contact_id = contact_id
        command.agent_id = agent_id
        command.offer_id = outline.order.offer_id
        return command

    cdef Command _decline(self, const Outline* outline):
        cdef DeclineOffer command
        cdef str contact_id = self._new_id(<const uint8_t*>outline.order.contact.at, outline.order.contact.size)
        cdef str agent_id = self._name(&outline.order.agent)
        if contact_id is None or agent_id is None:
            return None
        command = self.decline
        if Py_REFCNT(command) > 2:
            command = DeclineOffer.__new__(DeclineOffer)
            self.decline = command
        if not self._begin(command, CMD_DECLINE_OFFER, outline.request_id):
            return None
        command.contact_id = contact_id
        command.agent_id = agent_id
        command.offer_id = outline.order.offer_id
        command.outcome = outline.order.outcome
        return command

    cdef Command _complete(self, const Outline* outline):
        cdef CompleteContact command
        cdef str contact_id = self._new_id(<const uint8_t*>outline.order.contact.at, outline.order.contact.size)
        cdef str agent_id = self._name(&outline.order.agent) if outline.order.agent.size else ""
        if contact_id is None or agent_id is None:
            return None
        command = self.complete
        if Py_REFCNT(command) > 2:
            command = CompleteContact.__new__(CompleteContact)
            self.complete = command
        if not self._begin(command, CMD_COMPLETE_CONTACT, outline.request_id):
            return None
        command.contact_id = contact_id
        command.agent_id = agent_id
        command.wrap_up_ms = outline.order.wrap_up_ms
        command.not_reached = outline.order.not_reached
        return command

    cdef Command _finish(self, const Outline* outline):
        cdef FinishWrapUp command
        cdef str agent_id = self._name(&outline.order.agent)
        cdef str contact_id = ""
        if outline.order.contact.size:
            contact_id = self._new_id(<const uint8_t*>outline.order.contact.at, outline.order.contact.size)
        if agent_id is None or contact_id is None:
            return None
        command = self.finish
        if Py_REFCNT(command) > 2:
            command = FinishWrapUp.__new__(FinishWrapUp)
            self.finish = command
        if not self._begin(command, CMD_FINISH_WRAP_UP, outline.request_id):
            return None
        command.agent_id = agent_id
        command.contact_id = contact_id
        return command

    cdef Command _set_presence(self, const Outline* outline):
        cdef SetPresence command
        cdef str agent_id = self._name(&outline.order.agent)
        cdef str reason = self._reason(outline)
        if agent_id is None or reason is None:
            return None
        command = self.presence
        if Py_REFCNT(command) > 2:
            command = SetPresence.__new__(SetPresence)
            self.presence = command
        if not self._begin(command, CMD_SET_PRESENCE, outline.request_id):
            return None
        command.agent_id = agent_id
        command.presence = outline.order.presence
        command.reason = reason
        command.lease_ms = outline.order.lease_ms
        return command

    cdef Command _heartbeat(self, const Fields* fields, Span content):
        cdef Heartbeat command = Heartbeat.__new__(Heartbeat)
        if fields.texts & ~<uint32_t>0x6 or fields.numbers or not 0 < fields.repeats <= _AGENTS_MAX:
            return None
        command.agent_ids = _names_in(self, content, 2, fields.repeats)
        if command.agent_ids is None or not self._begin(command, CMD_HEARTBEAT, _request_id(fields)):
            return None
        return command


cdef tuple _names_in(CommandReader reader, Span content, int field, int count):
    """The ids in a repeated field of a message that was taken apart before; None if one would be refused."""
    cdef list names = []
    cdef const uint8_t* at = content.at
    cdef const uint8_t* end = content.at + content.size
    cdef Span span
    cdef uint8_t tag
    cdef str name
    while at < end:
        tag = at[0]
        at = _passed(at, end, &span)
        if tag == (field << 3 | 2):
            name = reader.names.take(span.at, span.size)
            if name is None:
                return None
            names.append(name)
    if count > 1 and len(set(names)) != count:
        return None
    return tuple(names)


cdef const uint8_t* _passed(const uint8_t* at, const uint8_t* end, Span* span) noexcept nogil:
    """Past one field of a message that `take_fields` took apart; `span` is its content, if it has a length."""
    cdef uint8_t tag = at[0]
    span.at = at
    span.size = 0
    at += 2 if tag >= 0x80 else 1
    if tag & 7 == 2:
        return take_span(at, end, span)
    while at[0] >= 0x80:
        at += 1
    return at + 1


cdef inline Span _request_id(const Fields* fields) noexcept nogil:
    cdef Span span
    if fields.texts & 0x2:
        return fields.text[1]
    span.at = NULL
    span.size = 0
    return span


cdef bint _is_text(Span content) except -1:
    """Whether bytes are UTF-8."""
    cdef Py_ssize_t place
    for place in range(content.size):
        if content.at[place] >= 0x80:
            try:
                PyUnicode_DecodeUTF8(<const char*>content.at, content.size, NULL)
            except UnicodeDecodeError:
                return False
            return True
    return True


cdef inline int _order(const Span* left, const Span* right) noexcept nogil:
    cdef Py_ssize_t size = left.size if left.size < right.size else right.size
    cdef int order = memcmp(left.at, right.at, <size_t>size)
    if order:
        return order
    return (left.size > right.size) - (left.size < right.size)


cdef bytes packed_entries(Span content, int field, int count):
    """The map from text to text in a message's `field`, which comes `count` times, packed as the engine holds
    attributes (`values.packed_attributes`); None if it has very many entries, one twice, or an unusual one.
    """
    cdef Entry entries[64]
    cdef Entry entry
    cdef Fields fields
    cdef Span span
    cdef const uint8_t* at = content.at
    cdef const uint8_t* end = content.at + content.size
    cdef uint8_t* out
    cdef Py_ssize_t size = 0
    cdef int place
    cdef int found = 0
    cdef uint8_t tag
    cdef bytes packed
    if count > ENTRIES_MAX:
        return None
    while at < end:
        tag = at[0]
        at = _passed(at, end, &span)
        if tag != (field << 3 | 2):
            continue
        if not take_fields(span.at, span.size, -1, &fields) or fields.texts & ~<uint32_t>0x6 or fields.numbers:
            return None
        entry.key = fields.text[1]
        entry.value = fields.text[2]
        if not fields.texts & 0x2:
            entry.key.at = span.at
            entry.key.size = 0
        if not fields.texts & 0x4:
            entry.value.at = span.at
            entry.value.size = 0
        if not _is_text(entry.key) or not _is_text(entry.value):
            return None
        place = found
        while place and _order(&entries[place - 1].key, &entry.key) > 0:
            entries[place] = entries[place - 1]
            place -= 1
        if place and _order(&entries[place - 1].key, &entry.key) == 0:
            return None
        entries[place] = entry
        found += 1
        size += framed_size(_entry_size(&entry))
        if size > _ATTRIBUTE_BYTES_MAX:
            return None
    packed = PyBytes_FromStringAndSize(NULL, size)
    out = <uint8_t*>PyBytes_AS_STRING(packed)
    for place in range(found):
        out = put_frame(out, 0x0A, _entry_size(&entries[place]))
        out = put_frame(out, 0x0A, entries[place].key.size)
        out = put_bytes(out, entries[place].key.at, entries[place].key.size)
        out = put_frame(out, 0x12, entries[place].value.size)
        out = put_bytes(out, entries[place].value.at, entries[place].value.size)
    return packed


cdef inline Py_ssize_t _entry_size(const Entry* entry) noexcept nogil:
    return framed_size(entry.key.size) + framed_size(entry.value.size)
