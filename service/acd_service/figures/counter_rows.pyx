# cython: language_level=3
"""What a figures' counter has to store, as rows, and what it takes in again. Each change is told once."""

from cython.operator cimport dereference
from libc.stdint cimport int32_t, int64_t
from libcpp.pair cimport pair
from libcpp.string cimport string

from acd_service.codec.wire_fields cimport Span
from acd_service.figures.counting cimport (
    COUNTS,
    Agent,
    Contact,
    FiguresCounter,
    Line,
    Reasons,
    Session,
    span_of,
    text_of,
)


def changed_intervals(FiguresCounter counter not None, tenant):
    """Rows of `queue_intervals` to be put, their values one after the other; each is told once."""
    cdef list values = []
    cdef int32_t place
    cdef size_t index
    for index in range(counter._lines_over.size()):
        _put_interval(counter, values, tenant, &counter._lines_over[index])
    for place in counter._lines_changed:
        counter._lines[place].is_changed = False
        _put_interval(counter, values, tenant, &counter._lines[place])
    counter._lines_over.clear()
    counter._lines_changed.clear()
    return values


cdef int _put_interval(FiguresCounter counter, list values, tenant, const Line* line) except -1:
    values += (tenant, text_of(counter._names[line.queue]), text_of(counter._names[line.channel]), line.start_ns)
    values += [line.counts[place] for place in range(COUNTS)]
    return 0


def contacts_gone(FiguresCounter counter not None):
    """Ids in `open_contacts` that are to be deleted before others are put; each is told once."""
    gone = [text_of(&counter._contacts_gone[place]) for place in range(counter._contacts_gone.size())]
    counter._contacts_gone.clear()
    return gone


def changed_contacts(FiguresCounter counter not None, tenant, size_t rows_max):
    """At most so many rows of `open_contacts` to be put, their values one after the other; each is told once."""
    cdef list values = []
    cdef Contact* contact
    cdef const Line* line
    cdef size_t rows = 0
    while rows < rows_max and not counter._contacts_changed.empty():
        contact = &counter._contacts[counter._contacts_changed.back()]
        counter._contacts_changed.pop_back()
        contact.is_changed = False
        if contact.contact_id == NULL:
            continue
        contact.is_stored = True
        line = &counter._lines[contact.line]
        values += (
            tenant, text_of(contact.contact_id), text_of(counter._names[line.queue]), text_of(counter._names[line.channel]),
            text_of(counter._agents[contact.agent].agent_id) if contact.agent >= 0 else "",
            contact.held_since_ns, contact.held_ns, contact.completed_ns,
        )
        rows += 1
    return values


def ended_sessions(FiguresCounter counter not None, tenant):
    """Rows of `agent_sessions` and of `agent_away` for sessions that are over, as `changed_contacts`."""
    cdef list sessions = []
    cdef list away = []
    cdef size_t place
    for place in range(counter._ended.size()):
        agent_id = text_of(&counter._ended_ids[place])
        _put_session(sessions, away, tenant, agent_id, &counter._ended[place], &counter._ended_away[place])
    counter._ended.clear()
    counter._ended_ids.clear()
    counter._ended_away.clear()
    return sessions, away


def agents_gone(FiguresCounter counter not None):
    """Ids in `agents_now` that are to be deleted before others are put; each is told once."""
    gone = [text_of(&counter._agents_gone[place]) for place in range(counter._agents_gone.size())]
    counter._agents_gone.clear()
    return gone


def changed_agents(FiguresCounter counter not None, tenant, size_t rows_max):
    """At most so many rows of `agents_now` to be put, and those of `agent_sessions` and `agent_away` that belong to
    them, as `changed_contacts`.
    """
    cdef list now = []
    cdef list sessions = []
    cdef list away = []
    cdef Agent* agent
    cdef int32_t slot
    cdef size_t rows = 0
    while rows < rows_max and not counter._agents_changed.empty():
        slot = counter._agents_changed.back()
        counter._agents_changed.pop_back()
        agent = &counter._agents[slot]
        agent.is_changed = False
        if agent.agent_id == NULL:
            continue
        agent.is_stored = True
        agent_id = text_of(agent.agent_id)
        now += (
            tenant, agent_id, agent.presence, text_of(&counter._agent_reasons[slot]), agent.active, agent.wrap_ups,
            agent.held, agent.since_ns, agent.session.signed_on_ns if agent.is_signed_on else None,
        )
        if agent.is_signed_on:
            _put_session(sessions, away, tenant, agent_id, &agent.session, &counter._agent_away[slot])
        rows += 1
    return now, sessions, away


def load_intervals(FiguresCounter counter not None, rows):
    """Take in the newest interval of each queue and channel: both ids, its start and the counts."""
    cdef Line* line
    cdef int place
    for queue_id, channel_id, start_ns, *counts in rows:
        line = &counter._lines[counter._line(counter._name(span_of(queue_id)), counter._name(span_of(channel_id)))]
        line.start_ns = start_ns
        for place in range(COUNTS):
            line.counts[place] = counts[place]


def load_agent(FiguresCounter counter not None, str agent_id, int presence, str reason, int64_t active, int64_t wrap_ups, int64_t held,
               int64_t since_ns, session, away):
    """Take in an agent.

    Args:
        session: an `AgentFigures`; None: it is not signed on.
        away: pairs of the reasons and times of the session.
    """
    cdef Span span = span_of(agent_id)
    cdef int32_t slot
    cdef Agent* agent
    cdef Session* now
    counter._scratch.assign(<const char*>span.at, span.size)
    slot = counter._new_agent(since_ns)
    agent = &counter._agents[slot]
    agent.is_stored = True
    agent.presence = presence
    agent.active, agent.wrap_ups, agent.held = active, wrap_ups, held
    span = span_of(reason)
    counter._agent_reasons[slot].assign(<const char*>span.at, span.size)
    if session is None:
        return
    agent.is_signed_on = True
    now = &agent.session
    now.signed_on_ns, now.ready_ns, now.away_ns = session.signed_on_ns, session.ready_ns, session.away_ns
    now.talk_ns, now.held_ns, now.wrap_up_ns = session.talk_ns, session.held_ns, session.wrap_up_ns
    now.contacts, now.misses = session.contacts, session.misses
    for text, spent_ns in away:
        span = span_of(text)
        counter._scratch.assign(<const char*>span.at, span.size)
        counter._agent_away[slot].push_back(pair[string, int64_t](counter._scratch, spent_ns))


def load_contacts(FiguresCounter counter not None, rows):
    """Take in live contacts; their agents are there."""
    cdef Contact* contact
    cdef int32_t line, slot
    for contact_id, queue_id, channel_id, agent_id, held_since_ns, held_ns, completed_ns in rows:
        line = counter._line(counter._name(span_of(queue_id)), counter._name(span_of(channel_id)))
        slot = counter._new_contact(span_of(contact_id))
        contact = &counter._contacts[slot]
        contact.is_stored = True
        contact.line = line
        contact.agent = _known_agent(counter, span_of(agent_id)) if agent_id else -1
        contact.held_since_ns, contact.held_ns, contact.completed_ns = held_since_ns, held_ns, completed_ns


cdef int32_t _known_agent(FiguresCounter counter, Span agent_id) except -1:
    counter._scratch.assign(<const char*>agent_id.at, agent_id.size)
    found = counter._agent_places.find(counter._scratch)
    if found == counter._agent_places.end():
        raise ValueError("the agent of a contact is not there")
    return dereference(found).second


cdef int _put_session(list sessions, list away, tenant, agent_id, const Session* session, const Reasons* reasons) except -1:
    cdef size_t place
    sessions += (
        tenant, agent_id, session.signed_on_ns, session.signed_off_ns, session.ready_ns, session.away_ns,
        session.talk_ns, session.held_ns, session.wrap_up_ns, session.contacts, session.misses,
    )
    for place in range(reasons.size()):
        away += (tenant, agent_id, session.signed_on_ns, text_of(&reasons[0][place].first), reasons[0][place].second)
    return 0
