# cython: language_level=3
"""A batch applied to the compiled engine: decoded, applied and encoded in one go, with no object of protobuf's between.

`plain` is the specification. What the compiled reader and writer leave to the plain codec goes there command by command.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free

from acd_core.commands cimport Command, Heartbeat, Tick
from acd_core.engine cimport Engine
from acd_core.events cimport AnswerData, data_of
from acd_core.orders cimport Order
from acd_core.timers cimport first_due_ns
from acd_core.types cimport *
from acd_service.batches.ahead cimport Ahead, Coming
from acd_service.batches.framing cimport Frame
from acd_service.codec.call_writer cimport CallWriter
from acd_service.codec.event_writer cimport EventWriter, length_of
from acd_service.codec.kept_fields cimport Stamp, put_kept_time, put_stamp, set_stamp
from acd_service.codec.wire_fields cimport Span, take_span
from acd_service.codec.wire_reader cimport CommandReader
from acd_service.codec.wire_writer cimport (
    Buffer,
    append,
    append_framed,
    begin_bytes,
    end_bytes,
    end_message,
    framed_size,
    put_bytes,
    put_frame,
    put_number,
    put_text,
    reserve,
    taken_bytes,
)

from acd_core.limits import AT_NS_MAX
from acd_core.refusal import Reason, Refused
from acd_service.batches.batch import Applied, BatchFailed, head_of, reason_of
from acd_service.codec.answers import response_of as response_message
from acd_service.codec.answers import result_of
from acd_service.codec.batches import dispatched_command, error_result, kept_content
from acd_service.codec.records import encode_command, encode_event
from acd_service.service_error import CommandSetAside

cdef CommandReader _reader = CommandReader()
cdef Ahead _ahead = Ahead()
cdef EventWriter _events = EventWriter()
cdef CallWriter _responses = CallWriter()
cdef int64_t _AT_NS_MAX = AT_NS_MAX
cdef bytes _TICK = encode_command(Tick())
cdef Command _tick = Tick()

cdef enum:
    KINDS = 32
    TAG_OF_RECORDS = 0x0A  # CommandChunk.records
    TAG_OF_HASHES = 0x12  # CommandChunk.event_hashes
    FIELD_OF_EVENTS = 2  # EventChunk.events
    TAG_OF_RESULTS = 0x12  # DispatchResponse.results
    RECORD_HEAD_BYTES_MAX = 64
    RESULT_BYTES_MAX = 128  # what a result takes beside its ids
    UTF8_BYTES_MAX = 4  # of a character
    # How far the command in a place has come, which says what an exception means.
    READING = 0  # it alone is refused
    TAKING = 1  # the engine is at it: refused, it has changed nothing
    TAKEN = 2  # what came of it is being written: it has to be, or the engine is ahead of the journal
    # Somewhat more than most commands come to; room is made where it is needed.
    RESULT_BYTES = 112
    RECORD_BYTES = 112
    EVENTS_BYTES = 256


cdef int[32] _result_fields
for _kind, _field in (
    (CMD_ENQUEUE_CONTACT, 1), (CMD_UPDATE_CONTACT, 2), (CMD_CANCEL_CONTACT, 3), (CMD_ACCEPT_OFFER, 4),
    (CMD_DECLINE_OFFER, 5), (CMD_COMPLETE_CONTACT, 6), (CMD_FINISH_WRAP_UP, 7), (CMD_SET_PRESENCE, 8),
    (CMD_HEARTBEAT, 9),
):
    _result_fields[_kind] = _field


@cython.final
cdef class _Run:
    """The outputs of a run as they grow, and how far it has come."""

    cdef Buffer results
    cdef Buffer records
    cdef Buffer hashes
    cdef Buffer events
    cdef int64_t accepted[32]
    cdef int64_t first_seq
    cdef int64_t last_seq
    cdef int64_t first_event_seq
    cdef int64_t last_event_seq
    cdef dict refused  # how many commands were not taken, by kind and reason
    cdef bytes asked_by
    cdef const char* tail  # its bytes, put behind each record and event
    cdef Py_ssize_t tail_size
    cdef Py_ssize_t place  # of the command that it has come to
    cdef int kind
    cdef int stage
    cdef bint is_order

    def __cinit__(self, Py_ssize_t count):
        """For so many commands. What is not used of the room is given back in the end."""
        begin_bytes(&self.results, count * RESULT_BYTES)
        begin_bytes(&self.records, count * RECORD_BYTES)
        begin_bytes(&self.events, count * EVENTS_BYTES)
        reserve(&self.hashes, count * <Py_ssize_t>sizeof(uint64_t))
        self.refused = {}

    def __dealloc__(self):
        end_bytes(&self.results)
        end_bytes(&self.records)
        end_bytes(&self.events)
        free(self.hashes.data)

    cdef int is_asked_by(self, bytes asked_by) except -1:
        """Whose commands come now."""
        self.asked_by = asked_by
        self.tail = PyBytes_AS_STRING(asked_by)
        self.tail_size = len(asked_by)
        return 0

    cdef int refuse(self, int kind, reason) except -1:
        """Count a command that is not taken."""
        key = (kind, reason)
        self.refused[key] = self.refused.get(key, 0) + 1
        return 0

    cdef int record(self, Engine engine, const void* command, Py_ssize_t size) except -1:
        """Put the command just accepted (an `acd.v1.Command`) and its events to what the journal will keep."""
        cdef const AnswerData* answer = engine.result
        cdef int32_t index
        cdef bytes written
        self.put_record(answer, command, size)
        append(&self.hashes, &engine.event_hash, sizeof(uint64_t))
        if not self.first_seq:
            self.first_seq = answer.seq
        self.last_seq = answer.seq
        for index in range(engine.out_count):
            if not _events.append(&self.events, FIELD_OF_EVENTS, data_of(engine.out[index]), self.tail, self.tail_size):
                written = encode_event(<object>engine.out[index]) + self.asked_by
                append_framed(&self.events, FIELD_OF_EVENTS << 3 | 2, PyBytes_AS_STRING(written), len(written))
        if engine.out_count:
            if not self.first_event_seq:
                self.first_event_seq = data_of(engine.out[0]).event_seq
            self.last_event_seq = data_of(engine.out[engine.out_count - 1]).event_seq
        return 0

    cdef int put_record(self, const AnswerData* answer, const void* command, Py_ssize_t size) except -1:
        cdef Stamp* stamp = &_events.stamp
        cdef uint8_t* out
        set_stamp(stamp, answer.seq, answer.at_ns)
        reserve(&self.records, RECORD_HEAD_BYTES_MAX + size + self.tail_size)
        out = put_frame(self.records.data + self.records.size, TAG_OF_RECORDS,
                        stamp.size + framed_size(size) + self.tail_size)
        out = put_stamp(out, stamp, 1)
        out = put_frame(out, 3 << 3 | 2, size)
        out = put_bytes(out, command, size)
        if self.tail_size:
            out = put_bytes(out, self.tail, self.tail_size)
        self.records.size = out - self.records.data
        return 0

    cdef int put_result(self, int field, const AnswerData* answer) except -1:
        """A CommandResult whose response has a number, a time and, if the command was about one, how a contact stands.

        Of a kind that has its field, in an engine that has taken a command before.
        """
        cdef uint8_t* result
        cdef uint8_t* response
        cdef uint8_t* standing
        cdef uint8_t* out
        set_stamp(&_events.stamp, answer.seq, answer.at_ns)
        reserve(&self.results, RESULT_BYTES_MAX
                + UTF8_BYTES_MAX * (length_of(answer.contact_id) + length_of(answer.agent_id)))
        result = self.results.data + self.results.size + 1
        result[-1] = TAG_OF_RESULTS
        response = result + 2
        response[-1] = <uint8_t>(field << 3 | 2)
        out = put_stamp(response + 1, &_events.stamp, 1)
        out = put_number(out, 3, answer.duplicate)
        if answer.contact_id != NULL:
            standing = out + 1
            out[0] = 4 << 3 | 2
            out = put_text(standing + 1, 1, answer.contact_id)
            out = put_number(out, 2, <uint64_t>answer.contact_state)
            if answer.agent_id != NULL:
                out = put_number(put_text(out, 3, answer.agent_id), 4, <uint64_t>answer.offer_id)
                if answer.offer_expires_ns:
                    out = put_kept_time(out, 5, answer.offer_expires_ns, &_events.times)
            out = end_message(standing, out)
        self.results.size = end_message(result, end_message(response, out)) - self.results.data
        return 0

    cdef int answer(self, Engine engine, Command command) except -1:
        """Put the result of the command just accepted to the results."""
        cdef bytes written
        cdef tuple not_signed_on = ()
        if command.kind == CMD_HEARTBEAT:
            not_signed_on = _not_signed_on(engine, <Heartbeat>command)
        if not _result_fields[command.kind] or not_signed_on or not engine.result.seq:
            written = result_of(command, engine.answer, not_signed_on).SerializeToString()
            return append_framed(&self.results, TAG_OF_RESULTS, PyBytes_AS_STRING(written), len(written))
        return self.put_result(_result_fields[command.kind], engine.result)


def apply_compiled(Engine engine not None, int64_t at_ns, batch not None, Py_ssize_t start, status_of, permit, set_aside,
                   bytes asked_by not None):
    """As `apply_batch`, for the compiled engine."""
    cdef Frame frame = batch.frame
    cdef dict known = dict(batch.known)
    cdef _Run run
    cdef uint64_t granted = permit.granted if permit is not None else ~<uint64_t>0
    cdef object policy = None
    cdef bytes head
    cdef Py_ssize_t refused = -1  # the place of an order
    if not 1 <= at_ns <= _AT_NS_MAX:
        raise Refused(Reason.OUT_OF_RANGE, "at", f"{at_ns} is out of range 1 to {_AT_NS_MAX}")
    if not 0 <= start < frame.count:
        raise IndexError(start)
    run = _Run(frame.count - start)
    run.is_asked_by(asked_by)
    run.place = start
    if not start:
        head = head_of(batch)
        append(&run.results, PyBytes_AS_STRING(head), len(head))
    _ahead.begin(engine, frame, start)
    while policy is None and run.place < frame.count:
        run.stage = READING
        try:
            if set_aside is None and run.place != refused:
                _take_read(run, engine, at_ns, frame, known, granted)
            if run.place < frame.count:
                policy = _take_command(run, engine, at_ns, frame.commands[run.place], known, permit, set_aside, status_of)
        except BatchFailed:
            raise
        except Exception as error:
            if run.stage == TAKEN or (run.stage == TAKING and not isinstance(error, Refused)):
                raise BatchFailed(
                    run.place, _known_command(frame.commands[run.place], run.place, known), at_ns, error) from error
            if run.stage == TAKING and run.is_order:
                # It may have names that are no ids at all: as a command it is refused for what is wrong in it first.
                refused = run.place
                continue
            _put_error(run, error, status_of)
        run.place += 1
    return _applied(engine, run, min(run.place, frame.count), at_ns, policy)


cdef int _take_read(_Run run, Engine engine, int64_t at_ns, Frame frame, dict known, uint64_t granted) except -1:
    """Take the commands from `run.place` on as far as they can be read here, and nothing is to be looked at but what
    their bytes say. If it raises, then for the command in `run.place`.
    """
    cdef Coming* coming
    cdef const Order* order
    cdef Command command
    cdef Span span
    cdef bint has_known = len(known) != 0
    while run.place < frame.count:
        coming = _ahead.step(engine, frame, run.place)
        order = &coming.outline.order
        run.is_order = coming.is_order
        if not granted >> coming.field & 1 or not coming.field or (has_known and run.place in known):
            return 0
        if coming.is_order:
            run.kind = order.kind
            if (order.kind == CMD_ENQUEUE_CONTACT or order.kind == CMD_SET_PRESENCE) \
                    and not _reader.order_of(engine.skills, &coming.outline):
                return 0
        else:
            run.kind = 0
            if coming.is_outlined:
                command = _reader.command_of(&coming.outline, engine.skills)
            else:
                command = _reader.read_request(coming.field, coming.content)
            if command is None:
                return 0
            run.kind = command.kind
        if _is_due(engine, at_ns):
            _fire(engine, at_ns, run)
        run.stage = TAKING
        if coming.is_order:
            engine.take_order(at_ns, order)
        else:
            engine.take(at_ns, command)
        run.stage = TAKEN
        if engine.result.duplicate:
            run.refuse(run.kind, "DUPLICATE")
        else:
            run.accepted[run.kind] += 1
            span = frame.commands[run.place]
            run.record(engine, span.at, span.size)
        if coming.is_order:
            run.put_result(_result_fields[run.kind], engine.result)
        else:
            run.answer(engine, command)
        run.stage = READING
        run.place += 1
    return 0


cdef object _take_command(_Run run, Engine engine, int64_t at_ns, Span span, dict known, permit, set_aside, status_of):
    """Take the command in `run.place` as an object. Returns it if it is a change of policy, else None."""
    cdef Command command = None
    cdef bytes written
    if known:
        done = known.get(run.place)
        if type(done) is bytes:
            append_framed(&run.results, TAG_OF_RESULTS, PyBytes_AS_STRING(done), len(<bytes>done))
            return None
    run.is_order = False
    run.kind = 0
    try:
        if permit is not None and not _is_granted(permit.granted, span):
            permit.check(_bytes_of(span))
        command = _known_command(span, run.place, known)
        run.kind = command.kind
        if set_aside is not None and command in set_aside:
            raise CommandSetAside("the engine failed on this command before")
    except Exception as error:
        _put_error(run, error, status_of)
        return None
    if _is_due(engine, at_ns):
        _fire(engine, at_ns, run)
    run.stage = TAKING
    engine.take(at_ns, command)
    run.stage = TAKEN
    if engine.result.duplicate:
        run.refuse(run.kind, "DUPLICATE")
    else:
        run.accepted[run.kind] += 1
        if run.place in known:
            written = encode_command(command)
        else:
            written = kept_content(_bytes_of(span), command)
        run.record(engine, PyBytes_AS_STRING(written), len(written))
    run.answer(engine, command)
    return command if run.kind == CMD_APPLY_POLICY and not engine.result.duplicate else None


cdef Command _known_command(Span span, Py_ssize_t place, dict known):
    """The command in a batch's place, made before or read now; raises why it was refused then."""
    found = known.get(place)
    if isinstance(found, Exception):
        raise found
    return _command_at(span, place) if found is None else found


cdef Command _command_at(Span span, Py_ssize_t place):
    """The command in a batch's place."""
    cdef Command command = _reader.read(span.at, span.size)
    return dispatched_command(_bytes_of(span), place) if command is None else command


def apply_calls(Engine engine not None, int64_t at_ns, list calls not None, Py_ssize_t start, bytes asked_by not None):
    """Apply commands that came one by one, from `start` on, all at one moment; what fell due goes first, as a Tick that
    nobody asked for. The run ends early where something else falls due: go on at `after`.

    Args:
        calls: of `SentCommand`, with requests that have a field of one byte in `acd.v1.Command`.
        asked_by: whose calls they are (`codec.asked_by_field`).

    Returns:
        What it came to, with no results; for each call the bytes of its response, or why it was refused; how many events
        are those of the Tick, and how many bytes.

    Raises:
        BatchFailed: the engine failed; it has to be thrown away.
    """
    cdef _Run run = _Run(len(calls) - start)
    cdef Py_ssize_t place
    cdef Py_ssize_t of_tick = 0
    cdef int64_t ticked = 0
    cdef Py_ssize_t size
    cdef Command command
    cdef bytes content
    cdef bytes response
    cdef uint8_t* out
    cdef int field
    cdef list outcomes = []
    if _is_due(engine, at_ns):
        run.is_asked_by(b"")
        _fire(engine, at_ns, run)
        of_tick = run.events.size
        if run.first_event_seq:
            ticked = run.last_event_seq - run.first_event_seq + 1
    run.is_asked_by(asked_by)
    for place in range(start, len(calls)):
        if place > start and _is_due(engine, at_ns):
            break
        sent = calls[place]
        command = sent.command
        try:
            engine.take(at_ns, command)
        except Refused as error:
            run.refuse(command.kind, reason_of(error))
            outcomes.append(error)
            continue
        except Exception as error:
            raise BatchFailed(place, command, at_ns, error) from error
        try:
            if engine.result.duplicate:
                run.refuse(command.kind, "DUPLICATE")
            else:
                run.accepted[command.kind] += 1
                content = sent.content
                field = sent.field
                size = len(content)
                run.results.size = 0
                reserve(&run.results, size + 11)
                out = put_frame(run.results.data, <uint8_t>(field << 3 | 2), size)
                out = put_bytes(out, PyBytes_AS_STRING(content), size)
                run.record(engine, run.results.data, out - run.results.data)
            response = _responses.response_of(command, engine.result)
            if response is None:
                response = response_message(command, engine.answer).SerializeToString()
        except Exception as error:
            raise BatchFailed(place, command, at_ns, error) from error
        outcomes.append(response)
    else:
        place = len(calls)
    run.results.size = 0
    return _applied(engine, run, place, at_ns, None), outcomes, (ticked, of_tick)


cdef inline bint _is_due(Engine engine, int64_t at_ns) noexcept:
    cdef int64_t due_ns = first_due_ns(engine.timers)
    return 0 <= due_ns <= at_ns and at_ns >= engine.now_ns


cdef inline bint _is_granted(uint64_t granted, Span span) noexcept nogil:
    """Whether the command needs no further look: one field, that may be given. Of several, protobuf takes the last."""
    cdef Span only
    if span.size < 2 or span.at[0] >= 0x80 or span.at[0] & 7 != 2 or not granted >> (span.at[0] >> 3) & 1:
        return False
    return take_span(span.at + 1, span.at + span.size, &only) == span.at + span.size


cdef int _put_error(_Run run, error, status_of) except -1:
    """Put why a command was not taken to the results."""
    cdef bytes written
    run.refuse(run.kind, reason_of(error))
    written = error_result(status_of(error))
    return append_framed(&run.results, TAG_OF_RESULTS, PyBytes_AS_STRING(written), len(written))


cdef int _fire(Engine engine, int64_t at_ns, _Run run) except -1:
    """Fire what fell due between two commands of the same moment."""
    try:
        engine.take(at_ns, _tick)
        run.record(engine, PyBytes_AS_STRING(_TICK), len(_TICK))
    except Exception as error:
        raise BatchFailed(-1, _tick, at_ns, error) from error
    run.accepted[CMD_TICK] += 1
    return 0


cdef bytes _bytes_of(Span span):
    return PyBytes_FromStringAndSize(<const char*>span.at, span.size)


cdef tuple _not_signed_on(Engine engine, Heartbeat command):
    cdef list found = []
    cdef str agent_id
    cdef int32_t slot
    for agent_id in command.agent_ids:
        slot = engine.roster.find(agent_id)
        if slot < 0 or engine.roster.all[slot].presence == PRESENCE_OFFLINE:
            found.append(agent_id)
    return tuple(found)


cdef object _applied(Engine engine, _Run run, Py_ssize_t after, int64_t at_ns, policy):
    if run.hashes.size:
        append_framed(&run.records, TAG_OF_HASHES, run.hashes.data, run.hashes.size)
    # In the order of its fields: names cost as much as a dozen commands.
    return Applied(
        after,
        at_ns,
        taken_bytes(&run.results),
        taken_bytes(&run.records),
        run.first_seq,
        run.last_seq,
        engine.event_hash,
        taken_bytes(&run.events),
        run.first_event_seq,
        run.last_event_seq,
        [run.accepted[kind] for kind in range(KINDS)],
        run.refused,
        policy,
        engine.policy_version if policy is not None else 0,
    )
