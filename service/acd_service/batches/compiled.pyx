# cython: language_level=3
"""A batch applied to the compiled engine: decoded, applied and encoded in one go, with no object of protobuf's between.

`plain` is the specification. What the compiled reader and writer leave to the plain codec goes there command by command.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from acd_core.commands cimport Command, Heartbeat, Tick
from acd_core.engine cimport Engine
from acd_core.events cimport AnswerData, EventData, data_of
from acd_core.timers cimport first_timer
from acd_core.types cimport *
from acd_service.batches.ahead cimport Ahead
from acd_service.batches.framing cimport Frame
from acd_service.codec.call_writer cimport CallWriter
from acd_service.codec.event_writer cimport EventWriter
from acd_service.codec.wire_fields cimport Span, take_span
from acd_service.codec.wire_reader cimport CommandReader
from acd_service.codec.wire_writer cimport (
    Back,
    Buffer,
    append,
    append_framed,
    back_time,
    begin_back,
    framed_size,
    put_bytes,
    put_frame,
    put_varint,
    reserve,
    utf8_of,
    varint_size,
)

from acd_core.limits import AT_NS_MAX
from acd_core.refusal import Reason, Refused
from acd_service.batches.batch import Applied, BatchFailed, reason_of
from acd_service.codec.answers import response_of as response_message
from acd_service.codec.answers import result_of
from acd_service.codec.batches import dispatched_command, error_result
from acd_service.codec.records import encode_command, encode_event
from acd_service.service_error import CommandSetAside

cdef CommandReader _reader = CommandReader()
cdef Ahead _ahead = Ahead()
cdef _Run _spare = None
cdef EventWriter _events = EventWriter()
cdef CallWriter _responses = CallWriter()
cdef int64_t _AT_NS_MAX = AT_NS_MAX
cdef bytes _TICK = encode_command(Tick())
cdef Command _tick = Tick()

cdef enum:
    KINDS = 32
    ROOM_KEPT_MAX = 1 << 22
    LARGE = 4096  # contacts and agents; fewer stay in the cache by themselves
    TAG_OF_RECORDS = 0x0A  # CommandChunk.records
    TAG_OF_HASHES = 0x12  # CommandChunk.event_hashes
    TAG_OF_EVENTS = 0x12  # EventChunk.events
    TAG_OF_RESULTS = 0x12  # DispatchResponse.results
    RECORD_HEAD_BYTES_MAX = 64


cdef int[32] _result_fields
for _kind, _field in (
    (CMD_ENQUEUE_CONTACT, 1), (CMD_UPDATE_CONTACT, 2), (CMD_CANCEL_CONTACT, 3), (CMD_ACCEPT_OFFER, 4),
    (CMD_DECLINE_OFFER, 5), (CMD_COMPLETE_CONTACT, 6), (CMD_FINISH_WRAP_UP, 7), (CMD_SET_PRESENCE, 8),
    (CMD_HEARTBEAT, 9),
):
    _result_fields[_kind] = _field


cdef class _Run:
    """The outputs of a run as they grow."""

    cdef Buffer results
    cdef Buffer records
    cdef Buffer hashes
    cdef Buffer events
    cdef Back back
    cdef uint8_t at[32]  # the time as a field `at`, which nearly all outputs of a run share
    cdef Py_ssize_t at_size
    cdef int64_t at_ns
    cdef int64_t accepted[32]
    cdef int64_t first_seq
    cdef int64_t last_seq
    cdef int64_t first_event_seq
    cdef int64_t last_event_seq
    cdef bytes asked_by

    def __dealloc__(self):
        free(self.results.data)
        free(self.records.data)
        free(self.hashes.data)
        free(self.events.data)
        free(self.back.data)

    cdef int record(self, Engine engine, const void* command, Py_ssize_t size) except -1:
        """Put the command just accepted (an `acd.v1.Command`) and its events to what the journal will keep."""
        cdef const AnswerData* answer = engine.result
        cdef Py_ssize_t tail = len(self.asked_by)
        cdef Py_ssize_t head
        cdef uint8_t* out
        cdef const EventData* event
        cdef int32_t index
        cdef bytes written
        self.put_record(answer.seq, answer.at_ns, command, size)
        append(&self.hashes, &engine.event_hash, sizeof(uint64_t))
        if not self.first_seq:
            self.first_seq = answer.seq
        self.last_seq = answer.seq
        for index in range(engine.out_count):
            event = data_of(engine.out[index])
            if _events.write(event):
                head = _events.back.end - _events.back.at
                reserve(&self.events, head + tail + 11)
                out = put_frame(self.events.data + self.events.size, TAG_OF_EVENTS, head + tail)
                out = put_bytes(out, _events.back.at, head)
            else:
                written = encode_event(<object>engine.out[index])
                head = len(written)
                reserve(&self.events, head + tail + 11)
                out = put_frame(self.events.data + self.events.size, TAG_OF_EVENTS, head + tail)
                out = put_bytes(out, PyBytes_AS_STRING(written), head)
            out = put_bytes(out, PyBytes_AS_STRING(self.asked_by), tail)
            self.events.size = out - self.events.data
            if not self.first_event_seq:
                self.first_event_seq = event.event_seq
            self.last_event_seq = event.event_seq
        return 0

    cdef int put_record(self, int64_t seq, int64_t at_ns, const void* command, Py_ssize_t size) except -1:
        cdef Py_ssize_t tail = len(self.asked_by)
        cdef uint8_t* out
        self.keep_time(at_ns)
        reserve(&self.records, RECORD_HEAD_BYTES_MAX + size + tail)
        out = put_frame(self.records.data + self.records.size, TAG_OF_RECORDS,
                        1 + varint_size(<uint64_t>seq) + self.at_size + framed_size(size) + tail)
        out[0] = 1 << 3
        out = put_varint(out + 1, <uint64_t>seq)
        out = put_bytes(out, self.at, self.at_size)
        out = put_frame(out, 3 << 3 | 2, size)
        out = put_bytes(out, command, size)
        if tail:
            out = put_bytes(out, PyBytes_AS_STRING(self.asked_by), tail)
        self.records.size = out - self.records.data
        return 0

    cdef int put_result(self, int field, int64_t seq, int64_t at_ns, bint duplicate, PyObject* contact_id, int state,
                        PyObject* agent_id, int64_t offer_id, int64_t expires_ns) except -1:
        """A CommandResult whose response has a number, a time and how a contact stands; `contact_id` NULL: none."""
        cdef Py_ssize_t contact_size = 0
        cdef Py_ssize_t agent_size = 0
        cdef const void* contact = NULL
        cdef const void* agent = NULL
        cdef uint64_t expires_s = <uint64_t>expires_ns // 1000000000
        cdef uint64_t nanos = <uint64_t>expires_ns % 1000000000
        cdef int time_size = (1 + varint_size(expires_s)) + (1 + varint_size(nanos) if nanos else 0)
        cdef Py_ssize_t standing = 0
        cdef Py_ssize_t size
        cdef uint8_t* out
        if contact_id != NULL:
            contact = utf8_of(contact_id, &contact_size)
        if agent_id != NULL:
            agent = utf8_of(agent_id, &agent_size)
        self.keep_time(at_ns)
        size = 1 + varint_size(<uint64_t>seq) + self.at_size + (2 if duplicate else 0)
        if contact_size:
            standing = framed_size(contact_size) + 2
            if agent_size:
                standing += framed_size(agent_size) + 1 + varint_size(<uint64_t>offer_id)
                if expires_ns:
                    standing += 2 + time_size
            size += framed_size(standing)
        reserve(&self.results, size + 24)
        out = put_frame(self.results.data + self.results.size, TAG_OF_RESULTS, framed_size(size))
        out = put_frame(out, <uint8_t>(field << 3 | 2), size)
        out[0] = 1 << 3
        out = put_varint(out + 1, <uint64_t>seq)
        out = put_bytes(out, self.at, self.at_size)
        if duplicate:
            out[0] = 3 << 3
            out[1] = 1
            out += 2
        if contact_size:
            out = put_frame(out, 4 << 3 | 2, standing)
            out = put_frame(out, 1 << 3 | 2, contact_size)
            out = put_bytes(out, contact, contact_size)
            out[0] = 2 << 3
            out[1] = <uint8_t>state
            out += 2
            if agent_size:
                out = put_frame(out, 3 << 3 | 2, agent_size)
                out = put_bytes(out, agent, agent_size)
                out[0] = 4 << 3
                out = put_varint(out + 1, <uint64_t>offer_id)
                if expires_ns:
                    out = put_frame(out, 5 << 3 | 2, time_size)
                    out[0] = 1 << 3
                    out = put_varint(out + 1, expires_s)
                    if nanos:
                        out[0] = 2 << 3
                        out = put_varint(out + 1, nanos)
        self.results.size = out - self.results.data
        return 0

    cdef int keep_time(self, int64_t at_ns) except -1:
        """Have a field `at`; its number is 2 in records and in answers alike."""
        if at_ns != self.at_ns:
            begin_back(&self.back, RECORD_HEAD_BYTES_MAX)
            back_time(&self.back, 2, at_ns)
            self.at_size = self.back.end - self.back.at
            memcpy(self.at, self.back.at, <size_t>self.at_size)
            self.at_ns = at_ns
        return 0

    cdef int answer(self, Engine engine, Command command, tuple not_signed_on) except -1:
        """Put the result of the command just accepted to the results."""
        cdef const AnswerData* answer = engine.result
        cdef int field = _result_fields[command.kind]
        cdef bytes written
        if not field or not_signed_on or not answer.seq:
            written = result_of(command, engine.answer, not_signed_on).SerializeToString()
            return append_framed(&self.results, TAG_OF_RESULTS, PyBytes_AS_STRING(written), len(written))
        return self.put_result(field, answer.seq, answer.at_ns, answer.duplicate, answer.contact_id,
                               answer.contact_state, answer.agent_id, answer.offer_id, answer.offer_expires_ns)


def apply_compiled(Engine engine not None, int64_t at_ns, batch not None, Py_ssize_t start, status_of, permit, set_aside,
                   bytes asked_by not None):
    """As `apply_batch`, for the compiled engine."""
    cdef Frame frame = batch.frame
    cdef dict known = dict(batch.known)
    cdef _Run run = _new_run()
    cdef Py_ssize_t place
    cdef Span span
    cdef Command command
    cdef dict refused = {}
    cdef uint64_t granted = permit.granted if permit is not None else 0
    cdef object policy = None
    cdef tuple not_signed_on
    cdef bint is_known, is_large
    if not 1 <= at_ns <= _AT_NS_MAX:
        raise Refused(Reason.OUT_OF_RANGE, "at", f"{at_ns} is out of range 1 to {_AT_NS_MAX}")
    if not 0 <= start < frame.count:
        raise IndexError(start)
    run.asked_by = asked_by
    is_large = engine.desk.count + engine.roster.count >= LARGE
    if is_large:
        _ahead.begin(engine, _reader, frame, start)
    for place in range(start, frame.count):
        if is_large:
            _ahead.step(engine, _reader, frame, place)
        command = None  # so that the reader finds it free
        span = frame.commands[place]
        is_known = False
        try:
            if permit is not None and not _is_granted(granted, span):
                permit.check(_bytes_of(span))
            if known and place in known:
                if isinstance(known[place], Exception):
                    raise known[place]
                command = known[place]
                is_known = True
            else:
                command = _reader.read(span.at, span.size)
                if command is None:
                    command = dispatched_command(_bytes_of(span), place)
            if set_aside is not None and command in set_aside:
                raise CommandSetAside("the engine failed on this command before")
        except Exception as error:
            _put_error(run, command, error, status_of, refused)
            continue
        if _is_due(engine, at_ns):
            _fire(engine, at_ns, run)
        try:
            engine.take(at_ns, command)
        except Refused as error:
            _put_error(run, command, error, status_of, refused)
            continue
        except Exception as error:
            raise BatchFailed(place, command, at_ns, error) from error
        if not engine.result.duplicate:
            run.accepted[command.kind] += 1
            if is_known:
                written = encode_command(command)
                run.record(engine, PyBytes_AS_STRING(written), len(written))
            else:
                run.record(engine, span.at, span.size)
        else:
            key = (command.kind, "DUPLICATE")
            refused[key] = refused.get(key, 0) + 1
        not_signed_on = ()
        if command.kind == CMD_HEARTBEAT:
            not_signed_on = _not_signed_on(engine, <Heartbeat>command)
        run.answer(engine, command, not_signed_on)
        if command.kind == CMD_APPLY_POLICY and not engine.result.duplicate:
            policy = command
            place += 1
            break
    else:
        place = frame.count
    return _applied(engine, run, place, at_ns, refused, policy)


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
    cdef _Run run = _new_run()
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
    cdef dict refused = {}
    if _is_due(engine, at_ns):
        run.asked_by = b""
        _fire(engine, at_ns, run)
        of_tick = run.events.size
        if run.first_event_seq:
            ticked = run.last_event_seq - run.first_event_seq + 1
    run.asked_by = asked_by
    for place in range(start, len(calls)):
        if place > start and _is_due(engine, at_ns):
            break
        sent = calls[place]
        command = sent.command
        try:
            engine.take(at_ns, command)
        except Refused as error:
            key = (command.kind, reason_of(error))
            refused[key] = refused.get(key, 0) + 1
            outcomes.append(error)
            continue
        except Exception as error:
            raise BatchFailed(place, command, at_ns, error) from error
        if engine.result.duplicate:
            key = (command.kind, "DUPLICATE")
            refused[key] = refused.get(key, 0) + 1
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
        outcomes.append(response)
    else:
        place = len(calls)
    run.results.size = 0
    return _applied(engine, run, place, at_ns, refused, None), outcomes, (ticked, of_tick)


cdef inline bint _is_due(Engine engine, int64_t at_ns):
    cdef int32_t timer = first_timer(engine.timers)
    return timer >= 0 and engine.timers.all[timer].due_ns <= at_ns and at_ns >= engine.now_ns


cdef inline bint _is_granted(uint64_t granted, Span span) noexcept nogil:
    """Whether the command needs no further look: one field, that may be given. Of several, protobuf takes the last."""
    cdef Span only
    if span.size < 2 or span.at[0] >= 0x80 or span.at[0] & 7 != 2 or not granted >> (span.at[0] >> 3) & 1:
        return False
    return take_span(span.at + 1, span.at + span.size, &only) == span.at + span.size


cdef int _put_error(_Run run, Command command, error, status_of, dict refused) except -1:
    """Put why a command was not taken to the results."""
    cdef bytes written
    key = (0 if command is None else command.kind, reason_of(error))
    refused[key] = refused.get(key, 0) + 1
    written = error_result(status_of(error))
    return append_framed(&run.results, TAG_OF_RESULTS, PyBytes_AS_STRING(written), len(written))


cdef int _fire(Engine engine, int64_t at_ns, _Run run) except -1:
    """Fire what fell due between two commands of the same moment."""
    try:
        engine.take(at_ns, _tick)
    except Exception as error:
        raise BatchFailed(-1, _tick, at_ns, error) from error
    run.accepted[CMD_TICK] += 1
    return run.record(engine, PyBytes_AS_STRING(_TICK), len(_TICK))


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


cdef bytes _taken_out(const Buffer* buffer):
    return PyBytes_FromStringAndSize(<const char*>buffer.data, buffer.size)


cdef _Run _new_run():
    """The outputs of a new run, in the room of one that is over: fresh pages of memory would cost a tenth of a batch."""
    global _spare
    cdef _Run run = _spare
    _spare = None
    if run is None:
        return _Run.__new__(_Run)
    run.results.size = run.records.size = run.hashes.size = run.events.size = 0
    run.first_seq = run.last_seq = run.first_event_seq = run.last_event_seq = 0
    memset(run.accepted, 0, sizeof(run.accepted))
    return run


cdef int _keep(_Run run) except -1:
    global _spare
    if run.results.room + run.records.room + run.events.room <= ROOM_KEPT_MAX:
        _spare = run
    return 0


cdef object _applied(Engine engine, _Run run, Py_ssize_t after, int64_t at_ns, dict refused, policy):
    if run.hashes.size:
        append_framed(&run.records, TAG_OF_HASHES, run.hashes.data, run.hashes.size)
    applied = Applied(
        after=after,
        at_ns=at_ns,
        results=_taken_out(&run.results),
        commands=_taken_out(&run.records),
        first_seq=run.first_seq,
        last_seq=run.last_seq,
        event_hash=engine.event_hash,
        events=_taken_out(&run.events),
        first_event_seq=run.first_event_seq,
        last_event_seq=run.last_event_seq,
        accepted=[run.accepted[kind] for kind in range(KINDS)],
        refused=refused,
        policy=policy,
        policy_version=engine.policy_version if policy is not None else 0,
    )
    _keep(run)
    return applied
