# cython: language_level=3
"""From the bytes of events to counts, without an object of Python's for any of them and without the interpreter.

Knows no database and no clock: the time is that of the events. What was changed is marked until it is taken, so that a
store can write it with the number of the last event. docs/figures.md says what each count is.
"""

import cython

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from cython.operator cimport dereference
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memset
from libcpp.pair cimport pair
from libcpp.string cimport string
from libcpp.vector cimport vector

from acd_core.types cimport (
    END_ABANDONED,
    END_OVERFLOWED,
    END_SHORT_ABANDON,
    EVENT_CONTACT_ASSIGNED,
    EVENT_CONTACT_CLOSED,
    EVENT_CONTACT_COMPLETED,
    EVENT_CONTACT_ENQUEUED,
    EVENT_CONTACT_HELD,
    EVENT_CONTACT_MOVED,
    EVENT_CONTACT_RETRIEVED,
    EVENT_OFFER_ACCEPTED,
    EVENT_OFFER_ENDED,
    EVENT_POLICY_APPLIED,
    EVENT_PRESENCE_CHANGED,
    EVENT_SEGMENT_OPENED,
    OUTCOME_MISSED,
    PRESENCE_OFFLINE,
    PRESENCE_READY,
)
from acd_service.codec.event_facts cimport Facts, take_facts
from acd_service.codec.wire_fields cimport Span, take_span
from acd_service.released cimport TAG_OF_EVENTS, Released

from acd_service.figures.counts import COLUMNS, INTERVAL_NS, REASONS_MAX, AgentFigures

assert COLUMNS == (
    "offered", "answered", "answered_within_target", "abandoned", "short_abandoned", "abandoned_within_target",
    "overflowed", "ended_otherwise", "answered_wait_ns", "talk_ns", "held_ns", "wrap_up_ns", "answered_wait_max_ns",
    "waiting",
)

cdef int64_t _INTERVAL_NS = INTERVAL_NS
cdef size_t _REASONS_MAX = REASONS_MAX

cdef enum:  # why counting pauses
    AT_END
    AT_POLICY
    AT_GAP
    AT_NONSENSE


@cython.final
cdef class FiguresCounter:
    """The counts as they stand after the event `event_seq`.

    Args:
        targets: from a version of the policy to the service-level targets of its queues, in nanoseconds.

    Attributes:
        event_seq: the last event that is counted.
        policy_version: by whose targets waits are measured.
        last_content: the bytes of the last event counted since it was made; empty if there is none.
    """

    def __init__(self, targets, int64_t event_seq=0):
        self._targets_of = targets
        self.event_seq = event_seq
        self.last_content = b""

    def use_policy(self, int64_t policy_version):
        """Measure by the service-level targets of this version from now on."""
        cdef size_t place
        cdef int32_t name
        self.policy_version = policy_version
        for place in range(self._targets_ns.size()):
            self._targets_ns[place] = 0
        for queue_id, target_ns in self._targets_of(policy_version).items():
            name = self._name(span_of(queue_id))
            self._targets_ns[name] = target_ns

    def count(self, list released not None):
        """Count events (`Released`) that go on after `event_seq`; what was counted before is passed over, and what is
        about a contact that began before the first event that was seen.

        Raises:
            ValueError: events are missing, or cannot be read. The counts are not to be used any more.
        """
        cdef Released run
        cdef vector[Piece] pieces
        cdef Piece piece
        cdef size_t place = 0
        cdef Span last
        cdef int pause
        last.at = NULL
        for run in released:
            piece.at = <const uint8_t*>PyBytes_AS_STRING(run.chunk)
            piece.end = piece.at + len(run.chunk)
            piece.is_framed = run.is_framed
            pieces.push_back(piece)
        while True:
            with nogil:
                pause = self._count(&pieces, &place, &last)
            if pause == AT_POLICY:
                self.use_policy(self._policy_to_come)
                continue
            if last.at != NULL:
                self.last_content = PyBytes_FromStringAndSize(<const char*>last.at, last.size)
            if pause == AT_END:
                return
            raise ValueError(f"event {self.event_seq + 1} {'is missing' if pause == AT_GAP else 'cannot be read'}")

    cdef int _count(self, vector[Piece]* pieces, size_t* place, Span* last) except -1 nogil:
        cdef Piece* piece
        cdef Span span
        cdef Facts event
        while place[0] < pieces.size():
            piece = &pieces[0][place[0]]
            if piece.at == piece.end:
                place[0] += 1
                continue
            if not piece.is_framed:
                span.at, span.size = piece.at, piece.end - piece.at
                piece.at = piece.end
            else:
                if piece.at[0] != TAG_OF_EVENTS:
                    return AT_NONSENSE
                piece.at = take_span(piece.at + 1, piece.end, &span)
                if piece.at == NULL:
                    return AT_NONSENSE
            if not take_facts(span.at, span.size, &event):
                return AT_NONSENSE
            if event.event_seq <= self.event_seq:
                continue
            if event.event_seq != self.event_seq + 1:
                return AT_GAP
            self.event_seq = event.event_seq
            last[0] = span
            if event.type == EVENT_POLICY_APPLIED:
                self._policy_to_come = event.policy_version
                return AT_POLICY
            self._apply(&event)
        return AT_END

    cdef int _apply(self, const Facts* event) except -1 nogil:
        cdef int type = event.type
        if type == EVENT_CONTACT_ENQUEUED or type == EVENT_SEGMENT_OPENED:
            return self._opened(event)
        if type == EVENT_OFFER_ACCEPTED or type == EVENT_CONTACT_ASSIGNED:
            return self._answered(event)
        if type == EVENT_CONTACT_CLOSED:
            return self._closed(event)
        if type == EVENT_CONTACT_COMPLETED:
            return self._completed(event)
        if type == EVENT_PRESENCE_CHANGED:
            return self._presence_changed(event)
        if type == EVENT_OFFER_ENDED:
            return self._offer_ended(event)
        if type == EVENT_CONTACT_MOVED:
            return self._moved(event)
        if type == EVENT_CONTACT_HELD:
            return self._held(event)
        if type == EVENT_CONTACT_RETRIEVED:
            return self._retrieved(event)
        return 0

    # Contacts

    cdef int _opened(self, const Facts* event) except -1 nogil:
        cdef int32_t slot = self._contact(event.contact_id)
        cdef int32_t line = self._line(self._name(event.queue_id), self._name(event.channel_id))
        cdef Contact* contact
        cdef int64_t* counts
        if slot < 0:
            slot = self._new_contact(event.contact_id)
        contact = &self._contacts[slot]
        contact.line = line
        contact.agent = -1
        contact.held_since_ns = contact.held_ns = contact.completed_ns = 0
        self._mark_contact(slot)
        counts = self._counts(line, event.at_ns)
        counts[OFFERED] += 1
        counts[WAITING] += 1
        return 0

    cdef int _moved(self, const Facts* event) except -1 nogil:
        cdef int32_t slot = self._contact(event.contact_id)
        if slot >= 0 and self._contacts[slot].agent < 0:
            self._move(event, slot)
        return 0

    cdef int _move(self, const Facts* event, int32_t slot) except -1 nogil:
        """A waiting contact goes to another queue: overflowed here, offered there. A second queue is none of this."""
        cdef int32_t line = self._contacts[slot].line
        cdef int32_t queue = self._name(event.queue_id)
        cdef int64_t* counts
        if queue == self._lines[line].queue:
            return 0
        counts = self._counts(line, event.at_ns)
        counts[OVERFLOWED] += 1
        counts[WAITING] -= 1
        line = self._line(queue, self._lines[line].channel)
        self._contacts[slot].line = line
        self._mark_contact(slot)
        counts = self._counts(line, event.at_ns)
        counts[OFFERED] += 1
        counts[WAITING] += 1
        return 0

    cdef int _answered(self, const Facts* event) except -1 nogil:
        cdef int32_t slot = self._contact(event.contact_id)
        cdef int32_t agent_slot, line
        cdef Agent* agent
        cdef int64_t* counts
        if slot < 0:
            return 0
        self._move(event, slot)  # if its second queue's entry was matched
        agent_slot = self._agent(event.agent_id, event.at_ns)
        self._contacts[slot].agent = agent_slot
        self._mark_contact(slot)
        line = self._contacts[slot].line
        counts = self._counts(line, event.at_ns)
        counts[WAITING] -= 1
        counts[ANSWERED] += 1
        counts[ANSWERED_WAIT] += event.wait_ns
        counts[ANSWERED_WAIT_MAX] = max(counts[ANSWERED_WAIT_MAX], event.wait_ns)
        if event.wait_ns <= self._targets_ns[self._lines[line].queue]:
            counts[ANSWERED_WITHIN_TARGET] += 1
        agent = &self._agents[agent_slot]
        agent.active += 1
        if agent.is_signed_on:
            agent.session.contacts += 1
        return 0

    cdef int _held(self, const Facts* event) except -1 nogil:
        cdef int32_t slot = self._contact(event.contact_id)
        cdef Agent* agent
        if slot < 0 or self._contacts[slot].held_since_ns or self._contacts[slot].agent < 0:
            return 0
        self._contacts[slot].held_since_ns = event.at_ns
        self._mark_contact(slot)
        self._advance(self._contacts[slot].agent, event.at_ns)
        agent = &self._agents[self._contacts[slot].agent]
        agent.held += 1
        return 0

    cdef int _retrieved(self, const Facts* event) except -1 nogil:
        cdef int32_t slot = self._contact(event.contact_id)
        cdef Contact* contact
        cdef Agent* agent
        if slot < 0 or not self._contacts[slot].held_since_ns:
            return 0
        contact = &self._contacts[slot]
        contact.held_ns += event.at_ns - contact.held_since_ns
        contact.held_since_ns = 0
        self._mark_contact(slot)
        self._advance(contact.agent, event.at_ns)
        agent = &self._agents[contact.agent]
        agent.held -= 1
        return 0

    cdef int _completed(self, const Facts* event) except -1 nogil:
        cdef int32_t slot = self._contact(event.contact_id)
        cdef Contact* contact
        cdef Agent* agent
        cdef int64_t* counts
        if slot < 0 or self._contacts[slot].agent < 0:
            return 0
        self._retrieved(event)
        contact = &self._contacts[slot]
        contact.completed_ns = event.at_ns
        self._mark_contact(slot)
        counts = self._counts(contact.line, event.at_ns)
        counts[TALK] += event.duration_ns
        counts[HELD] += contact.held_ns
        self._advance(contact.agent, event.at_ns)
        agent = &self._agents[contact.agent]
        agent.active -= 1
        agent.wrap_ups += 1
        return 0

    cdef int _closed(self, const Facts* event) except -1 nogil:
        cdef int32_t slot = self._contact(event.contact_id)
        cdef Contact contact
        cdef Agent* agent
        cdef int64_t* counts
        if slot < 0:
            return 0
        contact = self._contacts[slot]
        self._forget_contact(slot)
        counts = self._counts(contact.line, event.at_ns)
        if contact.agent >= 0:
            self._advance(contact.agent, event.at_ns)
            agent = &self._agents[contact.agent]
            if contact.completed_ns:
                counts[WRAP_UP] += event.at_ns - contact.completed_ns
                agent.wrap_ups -= 1
            else:
                agent.active -= 1
                if contact.held_since_ns:
                    agent.held -= 1
            return self._let_go(contact.agent)
        counts[WAITING] -= 1
        if event.cause == END_ABANDONED:
            counts[ABANDONED] += 1
            if event.wait_ns <= self._targets_ns[self._lines[contact.line].queue]:
                counts[ABANDONED_WITHIN_TARGET] += 1
        elif event.cause == END_SHORT_ABANDON:
            counts[SHORT_ABANDONED] += 1
        elif event.cause == END_OVERFLOWED:
            counts[OVERFLOWED] += 1
        else:
            counts[ENDED_OTHERWISE] += 1
        return 0

    # Agents

    cdef int _presence_changed(self, const Facts* event) except -1 nogil:
        cdef int32_t slot = self._agent(event.agent_id, event.at_ns)
        cdef Agent* agent = &self._agents[slot]
        agent.presence = event.presence
        self._agent_reasons[slot].assign(<const char*>event.reason.at, event.reason.size)
        if event.presence != PRESENCE_OFFLINE:
            if not agent.is_signed_on:
                agent.is_signed_on = True
                memset(&agent.session, 0, sizeof(Session))
                agent.session.signed_on_ns = event.at_ns
        elif agent.is_signed_on:
            agent.is_signed_on = False
            agent.session.signed_off_ns = event.at_ns
            self._ended.push_back(agent.session)
            self._ended_ids.push_back(agent.agent_id[0])
            self._ended_away.push_back(self._agent_away[slot])
            self._agent_away[slot].clear()
        return self._let_go(slot)

    cdef int _offer_ended(self, const Facts* event) except -1 nogil:
        cdef int32_t slot
        cdef Agent* agent
        if event.cause == OUTCOME_MISSED:
            slot = self._agent(event.agent_id, event.at_ns)
            agent = &self._agents[slot]
            if agent.is_signed_on:
                agent.session.misses += 1
            self._let_go(slot)
        return 0

    cdef int32_t _agent(self, Span agent_id, int64_t at_ns) except -1 nogil:
        """The slot of an agent, whose time until `at_ns` is counted."""
        cdef int32_t slot
        self._scratch.assign(<const char*>agent_id.at, agent_id.size)
        found = self._agent_places.find(self._scratch)
        if found != self._agent_places.end():
            slot = dereference(found).second
        else:
            slot = self._new_agent(at_ns)
        self._advance(slot, at_ns)
        return slot

    cdef int32_t _new_agent(self, int64_t since_ns) except -1 nogil:
        """A slot for the agent whose id is in `_scratch`."""
        cdef int32_t slot
        cdef Agent agent
        cdef Reasons none
        cdef string nothing
        memset(&agent, 0, sizeof(Agent))
        agent.since_ns = since_ns
        agent.presence = PRESENCE_OFFLINE
        if self._agents_free.empty():
            slot = <int32_t>self._agents.size()
            self._agents.push_back(agent)
            self._agent_reasons.push_back(nothing)
            self._agent_away.push_back(none)
        else:
            slot = self._agents_free.back()
            self._agents_free.pop_back()
            agent.is_changed = self._agents[slot].is_changed  # it may still be in the list of those
            self._agents[slot] = agent
            self._agent_reasons[slot].clear()
            self._agent_away[slot].clear()
        placed = self._agent_places.insert(pair[string, int32_t](self._scratch, slot))
        self._agents[slot].agent_id = &dereference(placed.first).first
        return slot

    cdef int _advance(self, int32_t slot, int64_t at_ns) except -1 nogil:
        """Count the time of an agent until `at_ns` as what it was doing; it is about to change."""
        cdef Agent* agent = &self._agents[slot]
        cdef int64_t spent_ns = _spend(agent, at_ns)
        if spent_ns:
            _put_away(&self._agent_away[slot], &self._agent_reasons[slot], spent_ns)
        if not agent.is_changed:
            agent.is_changed = True
            self._agents_changed.push_back(slot)
        return 0

    cdef int _let_go(self, int32_t slot) except -1 nogil:
        """Forget an agent of whom there is nothing more to know."""
        cdef Agent* agent = &self._agents[slot]
        if agent.agent_id == NULL or agent.is_signed_on or agent.active or agent.wrap_ups:
            return 0
        if agent.is_stored:
            self._agents_gone.push_back(agent.agent_id[0])
        self._agents_free.push_back(slot)
        self._agent_places.erase(self._agent_places.find(agent.agent_id[0]))
        agent.agent_id = NULL
        return 0

    # Places

    cdef int32_t _name(self, Span name) except -1 nogil:
        cdef int32_t place
        self._scratch.assign(<const char*>name.at, name.size)
        found = self._name_places.find(self._scratch)
        if found != self._name_places.end():
            return dereference(found).second
        place = <int32_t>self._names.size()
        placed = self._name_places.insert(pair[string, int32_t](self._scratch, place))
        self._names.push_back(&dereference(placed.first).first)
        self._targets_ns.push_back(0)
        return place

    cdef int32_t _line(self, int32_t queue, int32_t channel) except -1 nogil:
        cdef uint64_t key = <uint64_t>queue << 32 | <uint64_t>channel
        cdef Line line
        cdef int32_t place
        found = self._line_places.find(key)
        if found != self._line_places.end():
            return dereference(found).second
        place = <int32_t>self._lines.size()
        memset(&line, 0, sizeof(Line))
        line.queue = queue
        line.channel = channel
        line.start_ns = -1
        self._lines.push_back(line)
        self._line_places.insert(pair[uint64_t, int32_t](key, place))
        return place

    cdef int64_t* _counts(self, int32_t place, int64_t at_ns) except NULL nogil:
        """The counts of the interval in which something happens now; they are about to change."""
        cdef Line* line = &self._lines[place]
        cdef int64_t start_ns = at_ns - at_ns % _INTERVAL_NS
        cdef int64_t waiting
        if line.start_ns != start_ns:
            if line.is_changed:
                self._lines_over.push_back(line[0])
            waiting = line.counts[WAITING]
            memset(line.counts, 0, sizeof(line.counts))
            line.counts[WAITING] = waiting
            line.start_ns = start_ns
        if not line.is_changed:
            line.is_changed = True
            self._lines_changed.push_back(place)
        return line.counts

    cdef int32_t _contact(self, Span contact_id) except -2 nogil:
        """The slot of a live contact, or -1."""
        self._scratch.assign(<const char*>contact_id.at, contact_id.size)
        found = self._contact_places.find(self._scratch)
        return dereference(found).second if found != self._contact_places.end() else -1

    cdef int32_t _new_contact(self, Span contact_id) except -1 nogil:
        cdef int32_t slot
        cdef Contact contact
        memset(&contact, 0, sizeof(Contact))
        if self._contacts_free.empty():
            slot = <int32_t>self._contacts.size()
            self._contacts.push_back(contact)
        else:
            slot = self._contacts_free.back()
            self._contacts_free.pop_back()
            contact.is_changed = self._contacts[slot].is_changed  # it may still be in the list of those
            self._contacts[slot] = contact
        self._scratch.assign(<const char*>contact_id.at, contact_id.size)
        placed = self._contact_places.insert(pair[string, int32_t](self._scratch, slot))
        self._contacts[slot].contact_id = &dereference(placed.first).first
        return slot

    cdef int _forget_contact(self, int32_t slot) except -1 nogil:
        cdef Contact* contact = &self._contacts[slot]
        if contact.is_stored:
            self._contacts_gone.push_back(contact.contact_id[0])
        self._contacts_free.push_back(slot)
        self._contact_places.erase(self._contact_places.find(contact.contact_id[0]))
        contact.contact_id = NULL
        return 0

    cdef int _mark_contact(self, int32_t slot) except -1 nogil:
        if not self._contacts[slot].is_changed:
            self._contacts[slot].is_changed = True
            self._contacts_changed.push_back(slot)
        return 0

    # What is asked

    def agents(self, int64_t at_ns):
        """The figures, up to `at_ns`, of the agents that are signed on: `AgentFigures` by id."""
        cdef dict found = {}
        cdef Agent agent
        cdef const Session* session
        cdef size_t slot
        for slot in range(self._agents.size()):
            agent = self._agents[slot]
            if agent.agent_id == NULL or not agent.is_signed_on:
                continue
            _spend(&agent, max(at_ns, agent.since_ns))
            agent_id = text_of(agent.agent_id)
            session = &agent.session
            found[agent_id] = AgentFigures(
                agent_id, session.signed_on_ns, 0, session.ready_ns, session.away_ns, session.talk_ns,
                session.held_ns, session.wrap_up_ns, session.contacts, session.misses,
            )
        return found


cdef inline int64_t _spend(Agent* agent, int64_t at_ns) noexcept nogil:
    """Count the time of a session until `at_ns`; returns how much of it was spent away."""
    cdef int64_t spent_ns = at_ns - agent.since_ns
    agent.since_ns = at_ns
    if not agent.is_signed_on or spent_ns <= 0:
        return 0
    if agent.active:
        agent.session.talk_ns += spent_ns
        if agent.held:
            agent.session.held_ns += spent_ns
    elif agent.wrap_ups:
        agent.session.wrap_up_ns += spent_ns
    elif agent.presence == PRESENCE_READY:
        agent.session.ready_ns += spent_ns
    else:
        agent.session.away_ns += spent_ns
        return spent_ns
    return 0


cdef int _put_away(Reasons* reasons, const string* reason, int64_t spent_ns) except -1 nogil:
    """Put time away to its reason; to '' if there are as many reasons as are told apart."""
    cdef string nothing
    cdef size_t place
    cdef const string* under = reason
    for _ in range(2):
        for place in range(reasons.size()):
            if reasons[0][place].first == under[0]:
                reasons[0][place].second += spent_ns
                return 0
        if reasons.size() < _REASONS_MAX:
            break
        under = &nothing
    reasons.push_back(pair[string, int64_t](under[0], spent_ns))
    return 0


cdef str text_of(const string* text):
    return "" if text == NULL else PyUnicode_DecodeUTF8(text.data(), text.size(), NULL)


cdef Span span_of(str text):
    """The bytes of a text, for as long as it lives."""
    cdef Span span
    cdef Py_ssize_t size
    span.at = <const uint8_t*>PyUnicode_AsUTF8AndSize(text, &size)
    span.size = size
    return span
