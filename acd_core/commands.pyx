# cython: language_level=3
"""What goes into an engine. Immutable and valid by construction: whatever can be judged without the state is judged
here, once, and raises `Refused` naming the field; an engine judges only what depends on its state.

Every command may carry a `request_id`; see `Answer.duplicate`.
"""

import cython

from cpython.object cimport PyObject

from acd_core.command_checks cimport (
    ensure_agent_ids,
    ensure_attributes,
    ensure_callback,
    ensure_contact_ids,
    ensure_credit,
    ensure_id,
    ensure_offer_id,
    ensure_preference,
    ensure_priority,
    ensure_requirement,
    is_reserved,
)
from acd_core.digest cimport bytes_word, mix, text_word
from acd_core.tables cimport acd_bytes
from acd_core.types cimport *

from acd_core.checks import check_duration, check_range, check_text
from acd_core.command_checks import GENERATED_ID_PREFIX
from acd_core.limits import AGENTS_PER_COMMAND_MAX, CREDIT_MS_MAX, PRIORITY_MAX, REASON_BYTES_MAX
from acd_core.policy import Policy, SkillWeight, sorted_weights
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec

cdef uint64_t _NONE_NAMED = text_word(repr(()))
cdef uint64_t _NO_TEXT = text_word(repr(""))
cdef uint64_t _MINUS_ONE = text_word(repr(-1))
cdef uint64_t _ZERO = text_word(repr(0))
cdef uint64_t _TRUE = text_word(repr(True))
cdef uint64_t _FALSE = text_word(repr(False))

cdef enum:
    NAMES_ROOM = 512


cdef uint64_t _names_word(tuple names) except? 0:
    """The word of the text that Python writes a tuple of ids as; of a few plain ones without asking Python."""
    cdef char[512] written
    cdef Py_ssize_t size = 1
    cdef Py_ssize_t length, place
    cdef const char* data
    for name in names:
        data = acd_bytes(<PyObject*>name, &length)
        if size + length + 4 > NAMES_ROOM:
            return text_word(repr(names))
        written[size] = b"'"
        size += 1
        for place in range(length):
            if not 0x20 <= data[place] < 0x7F or data[place] == b"'" or data[place] == b"\\":
                return text_word(repr(names))
            written[size] = data[place]
            size += 1
        written[size] = b"'"
        written[size + 1] = b","
        written[size + 2] = b" "
        size += 3
    # Behind the last there is no more than one comma, and that only if it is the only one.
    size -= 1 if len(names) == 1 else 2
    written[0] = b"("
    written[size] = b")"
    return bytes_word(written, size + 1)


@cython.no_gc
cdef class Command:
    """What all commands share. A command refers to texts and immutable values only, so the cyclic garbage collector need
    not know it. `FIELDS` names a command's own fields, in the order of its content word."""

    FIELDS = ()

    def __init__(self):
        raise TypeError("Command is abstract")

    cdef int _begin(self, int kind, str request_id) except -1:
        self.kind = kind
        self.request_id = request_id
        if request_id:
            ensure_id(request_id, "request_id")
        return 0

    cpdef uint64_t content_word(self) except? 0:
        """The content without the request id as one word, to tell a retry from a reuse of its id."""
        cdef uint64_t word = <uint64_t>self.kind
        for name in self.FIELDS:
            word = mix(word, text_word(repr(getattr(self, name))))
        return word

    def __repr__(self):
        fields = [f"{name}={getattr(self, name)!r}" for name in self.FIELDS]
        if self.request_id:
            fields.append(f"request_id={self.request_id!r}")
        return f"{type(self).__name__}({', '.join(fields)})"

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return repr(self) == repr(other)

    __hash__ = None


@cython.no_gc
cdef class Tick(Command):
    """Fire every timer that is due."""

    def __init__(self, *, str request_id not None=""):
        self._begin(CMD_TICK, request_id)


@cython.no_gc
cdef class Resume(Command):
    """The shell is back after an outage: leases and live offers are extended by the time that nobody was there."""

    def __init__(self, *, str request_id not None=""):
        self._begin(CMD_RESUME, request_id)


@cython.no_gc
cdef class ApplyPolicy(Command):
    """Replace the policy. `expected_version` is the version it replaces, -1 for whichever is in force."""

    FIELDS = ("policy", "expected_version")

    def __init__(self, policy not None, int64_t expected_version=-1, *, str request_id not None=""):
        if not isinstance(policy, Policy):
            raise TypeError("policy must be a Policy")
        if expected_version < -1:
            raise Refused(Reason.OUT_OF_RANGE, "expected_version", "a version is 0 or more")
        self._begin(CMD_APPLY_POLICY, request_id)
        self.policy = policy
        self.expected_version = expected_version


@cython.no_gc
cdef class UpsertAgents(Command):
    """Add agents, or replace what is said of them; presence and what they hold stay. All or none."""

    FIELDS = ("agents",)

    def __init__(self, tuple agents not None, *, str request_id not None=""):
        if not agents:
            raise Refused(Reason.EMPTY, "agents", "name at least one agent")
        if len(agents) > AGENTS_PER_COMMAND_MAX:
            raise Refused(Reason.TOO_MANY, "agents",
                          f"{len(agents)} agents are more than the {AGENTS_PER_COMMAND_MAX} allowed at once")
        seen = set()
        for index, agent in enumerate(agents):
            if not isinstance(agent, AgentSpec):
                raise TypeError("agents must be AgentSpec objects")
            if agent.agent_id in seen:
                raise Refused(Reason.DUPLICATE_ENTRY, f"agents[{index}].agent_id",
                              f'"{agent.agent_id}" appears more than once')
            seen.add(agent.agent_id)
        self._begin(CMD_UPSERT_AGENTS, request_id)
        self.agents = agents


@cython.no_gc
cdef class RemoveAgents(Command):
    """Remove agents. One who serves a contact keeps it to its end and takes no more. All or none."""

    FIELDS = ("agent_ids",)

    def __init__(self, tuple agent_ids not None, *, str request_id not None=""):
        ensure_agent_ids(agent_ids)
        self._begin(CMD_REMOVE_AGENTS, request_id)
        self.agent_ids = agent_ids


@cython.no_gc
cdef class SetPresence(Command):
    """Sign on or off, be ready or away. `lease_ms`: sign off if not heard of for so long; 0 for the policy's lease."""

    FIELDS = ("agent_id", "presence", "reason", "lease_ms")

    def __init__(self, str agent_id not None, int presence, str reason not None="", int64_t lease_ms=0, *,
                 str request_id not None=""):
        ensure_id(agent_id, "agent_id")
        if not 1 <= presence <= 3:
            raise Refused(Reason.INVALID_VALUE, "presence", "presence is offline, ready or away")
        if reason:
            if presence != PRESENCE_AWAY:
                raise Refused(Reason.INVALID_VALUE, "reason", "only an agent who is away has a reason")
            check_text(reason, REASON_BYTES_MAX, "reason")
        if lease_ms:
            check_duration(lease_ms, "lease_ms")
        self._begin(CMD_SET_PRESENCE, request_id)
        self.agent_id = agent_id
        self.presence = presence
        self.reason = reason
        self.lease_ms = lease_ms


@cython.no_gc
cdef class Heartbeat(Command):
    """These agents are still there: their presence leases start anew. Agents that are offline are passed over."""

    FIELDS = ("agent_ids",)

    def __init__(self, tuple agent_ids not None, *, str request_id not None=""):
        ensure_agent_ids(agent_ids)
        self._begin(CMD_HEARTBEAT, request_id)
        self.agent_ids = agent_ids


@cython.no_gc
cdef class EnqueueContact(Command):
    """A new contact. With an empty `contact_id` the engine gives one. `attached`: a stream follows it (RouteContact)."""

    FIELDS = ("contact_id", "queue_id", "channel_id", "requirement", "priority", "credit_ms", "customer_id",
              "attributes", "attached", "preferred_agents", "preferred_hold_ms", "only_preferred", "callback_address",
              "window_start_ns", "window_end_ns", "attempts_max", "consults_contact_id", "skill_weights")

    def __init__(self, str contact_id not None, str queue_id not None, str channel_id not None="voice",
                 str requirement not None="", int64_t priority=0, int64_t credit_ms=0, str customer_id not None="",
                 bytes attributes not None=b"", bint attached=False, *, tuple preferred_agents not None=(),
                 int64_t preferred_hold_ms=-1, bint only_preferred=False, str callback_address not None="",
                 int64_t window_start_ns=0, int64_t window_end_ns=0, int64_t attempts_max=0,
                 str consults_contact_id not None="", tuple skill_weights not None=(),
                 str request_id not None=""):
        if contact_id:
            ensure_id(contact_id, "contact_id")
            if is_reserved(contact_id):
                raise Refused(Reason.RESERVED_ID, "contact_id",
                              f'ids that start with "{GENERATED_ID_PREFIX}" are given by the server')
        ensure_id(queue_id, "queue_id")
        ensure_id(channel_id, "channel_id")
        if customer_id:
            ensure_id(customer_id, "customer_id")
        ensure_requirement(requirement)
        ensure_priority(priority)
        ensure_credit(credit_ms)
        ensure_attributes(attributes)
        self.plain = (not preferred_agents and preferred_hold_ms == -1 and not only_preferred and not callback_address
                      and not window_start_ns and not window_end_ns and not attempts_max and not consults_contact_id
                      and not skill_weights)
        if not self.plain:
            ensure_preference(preferred_agents, preferred_hold_ms, only_preferred)
            ensure_callback(callback_address, window_start_ns, window_end_ns, attempts_max, False)
            if consults_contact_id:
                ensure_id(consults_contact_id, "consults_contact_id")
            skill_weights = sorted_weights(tuple(SkillWeight(*weight) for weight in skill_weights), "skill_weights")
        self._begin(CMD_ENQUEUE_CONTACT, request_id)
        self.preferred_agents = preferred_agents
        self.preferred_hold_ms = preferred_hold_ms
        self.only_preferred = only_preferred
        self.callback_address = callback_address
        self.window_start_ns = window_start_ns
        self.window_end_ns = window_end_ns
        self.attempts_max = attempts_max
        self.consults_contact_id = consults_contact_id
        self.skill_weights = skill_weights
        self.contact_id = contact_id
        self.queue_id = queue_id
        self.channel_id = channel_id
        self.requirement = requirement
        self.priority = priority
        self.credit_ms = credit_ms
        self.customer_id = customer_id
        self.attributes = attributes
        self.attached = attached

    cpdef uint64_t content_word(self) except? 0:
        cdef uint64_t word = mix(<uint64_t>self.kind, text_word(self.contact_id))
        word = mix(word, text_word(self.queue_id))
        word = mix(word, text_word(self.channel_id))
        word = mix(word, text_word(self.requirement))
        word = mix(word, <uint64_t>self.priority)
        word = mix(word, <uint64_t>self.credit_ms)
        word = mix(word, text_word(self.customer_id))
        if self.attributes:
            word = mix(word, text_word(repr(self.attributes)))
        word = mix(word, self.attached)
        if self.plain:
            return word
        # What is as it is in most commands goes in as the word that it always has.
        word = mix(word, _names_word(self.preferred_agents) if self.preferred_agents else _NONE_NAMED)
        word = mix(word, text_word(repr(self.preferred_hold_ms)) if self.preferred_hold_ms != -1 else _MINUS_ONE)
        word = mix(word, _TRUE if self.only_preferred else _FALSE)
        word = mix(word, text_word(repr(self.callback_address)) if self.callback_address else _NO_TEXT)
        word = mix(word, text_word(repr(self.window_start_ns)) if self.window_start_ns else _ZERO)
        word = mix(word, text_word(repr(self.window_end_ns)) if self.window_end_ns else _ZERO)
        word = mix(word, text_word(repr(self.attempts_max)) if self.attempts_max else _ZERO)
        word = mix(word, text_word(repr(self.consults_contact_id)) if self.consults_contact_id else _NO_TEXT)
        return mix(word, text_word(repr(self.skill_weights)) if self.skill_weights else _NONE_NAMED)


@cython.no_gc
cdef class UpdateContact(Command):
    """Change a live contact. Fields left None stay. `held` puts an active contact on hold or takes it off."""

    FIELDS = ("contact_id", "requirement", "priority", "credit_ms", "attributes", "held", "preferred_agents",
              "preferred_hold_ms", "only_preferred")

    def __init__(self, str contact_id not None, *, requirement=None, priority=None, credit_ms=None, attributes=None,
                 held=None, preferred_agents=None, int64_t preferred_hold_ms=-1, bint only_preferred=False,
                 str request_id not None=""):
        cdef int64_t whole
        ensure_id(contact_id, "contact_id")
        if requirement is not None:
            ensure_requirement(requirement)
        if priority is not None:
            check_range(priority, -PRIORITY_MAX, PRIORITY_MAX, "priority")
            whole = priority  # TypeError for what is not a whole number
        if credit_ms is not None:
            check_range(credit_ms, -CREDIT_MS_MAX, CREDIT_MS_MAX, "credit_ms")
            whole = credit_ms
        if attributes is not None:
            ensure_attributes(attributes)
        if preferred_agents is not None:
            ensure_preference(preferred_agents, preferred_hold_ms, only_preferred)
        elif preferred_hold_ms != -1 or only_preferred:
            raise Refused(Reason.EMPTY, "preferred_agents", "say which agents are preferred")
        if (requirement is None and priority is None and credit_ms is None and attributes is None and held is None
                and preferred_agents is None):
            raise Refused(Reason.EMPTY, "", "an update names at least one field")
        self._begin(CMD_UPDATE_CONTACT, request_id)
        self.contact_id = contact_id
        self.requirement = requirement
        self.priority = priority
        self.credit_ms = credit_ms
        self.attributes = attributes
        self.held = None if held is None else bool(held)
        self.preferred_agents = preferred_agents
        self.preferred_hold_ms = preferred_hold_ms
        self.only_preferred = only_preferred


@cython.no_gc
cdef class CancelContact(Command):
    """A contact that is not yet served ends: the caller gave up (`abandoned`) or the caller's system took it away."""

    FIELDS = ("contact_id", "abandoned")

    def __init__(self, str contact_id not None, bint abandoned=True, *, str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        self._begin(CMD_CANCEL_CONTACT, request_id)
        self.contact_id = contact_id
        self.abandoned = abandoned


@cython.no_gc
cdef class AcceptOffer(Command):
    FIELDS = ("contact_id", "agent_id", "offer_id")

    def __init__(self, str contact_id not None, str agent_id not None, int64_t offer_id, *,
                 str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        ensure_id(agent_id, "agent_id")
        ensure_offer_id(offer_id)
        self._begin(CMD_ACCEPT_OFFER, request_id)
        self.contact_id = contact_id
        self.agent_id = agent_id
        self.offer_id = offer_id


@cython.no_gc
cdef class DeclineOffer(Command):
    """An offer was not taken. `outcome` is DECLINED, BUSY, UNREACHABLE or MISSED; each has its own policy."""

    FIELDS = ("contact_id", "agent_id", "offer_id", "outcome")

    def __init__(self, str contact_id not None, str agent_id not None, int64_t offer_id, int outcome=1, *,
                 str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        ensure_id(agent_id, "agent_id")
        ensure_offer_id(offer_id)
        if not OUTCOME_DECLINED <= outcome <= OUTCOME_MISSED:
            raise Refused(Reason.INVALID_VALUE, "outcome", "an offer is declined, busy, unreachable or missed")
        self._begin(CMD_DECLINE_OFFER, request_id)
        self.contact_id = contact_id
        self.agent_id = agent_id
        self.offer_id = offer_id
        self.outcome = outcome


@cython.no_gc
cdef class CompleteContact(Command):
    """The conversation is over; wrap-up follows. `agent_id` may be empty; `wrap_up_ms`: -1 for the queue's, 0 none.
    `not_reached`: a callback found nobody, and is tried again if it may be."""

    FIELDS = ("contact_id", "agent_id", "wrap_up_ms", "not_reached")

    def __init__(self, str contact_id not None, str agent_id not None="", int64_t wrap_up_ms=-1, *,
                 bint not_reached=False, str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        if agent_id:
            ensure_id(agent_id, "agent_id")
        if wrap_up_ms != -1:
            check_duration(wrap_up_ms, "wrap_up_ms", zero_means_none=True)
        self._begin(CMD_COMPLETE_CONTACT, request_id)
        self.contact_id = contact_id
        self.agent_id = agent_id
        self.wrap_up_ms = wrap_up_ms
        self.not_reached = not_reached


@cython.no_gc
cdef class FinishWrapUp(Command):
    """The agent has done with the work after a contact; with an empty `contact_id`, after all of its contacts."""

    FIELDS = ("agent_id", "contact_id")

    def __init__(self, str agent_id not None, str contact_id not None="", *, str request_id not None=""):
        ensure_id(agent_id, "agent_id")
        if contact_id:
            ensure_id(contact_id, "contact_id")
        self._begin(CMD_FINISH_WRAP_UP, request_id)
        self.agent_id = agent_id
        self.contact_id = contact_id


@cython.no_gc
cdef class DetachContact(Command):
    """The stream that follows a contact broke: if none comes back within the policy's time, it ends as lost."""

    FIELDS = ("contact_id",)

    def __init__(self, str contact_id not None, *, str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        self._begin(CMD_DETACH_CONTACT, request_id)
        self.contact_id = contact_id


@cython.no_gc
cdef class AttachContact(Command):
    """A stream follows the contact (again)."""

    FIELDS = ("contact_id",)

    def __init__(self, str contact_id not None, *, str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        self._begin(CMD_ATTACH_CONTACT, request_id)
        self.contact_id = contact_id


cdef class TransferContact(Command):
    """End this segment of an active contact and open the next: for a queue, an agent, or the agent of a consultation.

    Exactly one of `queue_id`, `to_agent_id` and `consultation_contact_id` is given; `requirement`, `priority` and
    `restart_wait` go with a queue, None leaves the values as they are.
    """

    FIELDS = ("contact_id", "agent_id", "queue_id", "to_agent_id", "consultation_contact_id", "requirement", "priority",
              "restart_wait")

    def __init__(self, str contact_id not None, str agent_id not None, *, str queue_id not None="",
                 str to_agent_id not None="", str consultation_contact_id not None="", requirement=None, priority=None,
                 bint restart_wait=False, str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        ensure_id(agent_id, "agent_id")
        if bool(queue_id) + bool(to_agent_id) + bool(consultation_contact_id) != 1:
            raise Refused(Reason.INVALID_VALUE, "to", "name one of a queue, an agent and a consultation")
        if queue_id:
            ensure_id(queue_id, "queue_id")
        elif to_agent_id:
            ensure_id(to_agent_id, "to_agent_id")
            if to_agent_id == agent_id:
                raise Refused(Reason.INVALID_VALUE, "to_agent_id", "a contact is not transferred to the agent who has it")
        else:
            ensure_id(consultation_contact_id, "consultation_contact_id")
        if not queue_id:
            for name, given in (("requirement", requirement is not None), ("priority", priority is not None),
                                ("restart_wait", restart_wait)):
                if given:
                    raise Refused(Reason.INVALID_VALUE, name, "only a transfer to a queue changes it")
        if requirement is not None:
            ensure_requirement(requirement)
        if priority is not None:
            check_range(priority, -PRIORITY_MAX, PRIORITY_MAX, "priority")
        self._begin(CMD_TRANSFER_CONTACT, request_id)
        self.contact_id = contact_id
        self.agent_id = agent_id
        self.queue_id = queue_id
        self.to_agent_id = to_agent_id
        self.consultation_contact_id = consultation_contact_id
        self.requirement = requirement
        self.priority = priority
        self.restart_wait = restart_wait


cdef class PickContact(Command):
    """Put a waiting contact before an agent out of turn. `requested_by`: who asked, if it was not that agent."""

    FIELDS = ("contact_id", "agent_id", "requested_by")

    def __init__(self, str contact_id not None, str agent_id not None, str requested_by not None="", *,
                 str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        ensure_id(agent_id, "agent_id")
        if requested_by:
            ensure_id(requested_by, "requested_by")
        self._begin(CMD_PICK_CONTACT, request_id)
        self.contact_id = contact_id
        self.agent_id = agent_id
        self.requested_by = requested_by


cdef class RequestCallback(Command):
    """A waiting contact becomes a callback and keeps its place. Times in ns since the epoch, 0 for none;
    `attempts_max`: 0 for the policy's."""

    FIELDS = ("contact_id", "callback_address", "window_start_ns", "window_end_ns", "attempts_max")

    def __init__(self, str contact_id not None, str callback_address not None, int64_t window_start_ns=0,
                 int64_t window_end_ns=0, int64_t attempts_max=0, *, str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        ensure_callback(callback_address, window_start_ns, window_end_ns, attempts_max, True)
        self._begin(CMD_REQUEST_CALLBACK, request_id)
        self.contact_id = contact_id
        self.callback_address = callback_address
        self.window_start_ns = window_start_ns
        self.window_end_ns = window_end_ns
        self.attempts_max = attempts_max


cdef class OpenQueue(Command):
    """The queue takes contacts from now on."""

    FIELDS = ("queue_id",)

    def __init__(self, str queue_id not None, *, str request_id not None=""):
        ensure_id(queue_id, "queue_id")
        self._begin(CMD_OPEN_QUEUE, request_id)
        self.queue_id = queue_id


cdef class CloseQueue(Command):
    """The queue takes no new contacts from now on; its closing rule says what becomes of those who wait."""

    FIELDS = ("queue_id",)

    def __init__(self, str queue_id not None, *, str request_id not None=""):
        ensure_id(queue_id, "queue_id")
        self._begin(CMD_CLOSE_QUEUE, request_id)
        self.queue_id = queue_id


cdef class ForgetCustomer(Command):
    """A customer's data goes from the state: who served it last, and what its live contacts have of it; they keep their
    place. `contact_ids`: contacts of the customer that are over, named for the events and for what is remembered of
    requests about them. The running hash of events starts anew."""

    FIELDS = ("customer_id", "contact_ids")

    def __init__(self, str customer_id not None, tuple contact_ids not None=(), *, str request_id not None=""):
        ensure_id(customer_id, "customer_id")
        ensure_contact_ids(contact_ids)
        self._begin(CMD_FORGET_CUSTOMER, request_id)
        self.customer_id = customer_id
        self.contact_ids = contact_ids

    cpdef uint64_t content_word(self) except? 0:
        """Of nothing that is the customer's: what is remembered of this request must not tell it again."""
        return mix(<uint64_t>self.kind, 0)


cdef class SetContactAside(Command):
    """A contact ends, whatever its state, since the engine failed on a timer of its. Like Tick, Resume and SetAgentAside
    it is taken while a timer is due."""

    FIELDS = ("contact_id",)

    def __init__(self, str contact_id not None, *, str request_id not None=""):
        ensure_id(contact_id, "contact_id")
        self._begin(CMD_SET_CONTACT_ASIDE, request_id)
        self.contact_id = contact_id


cdef class SetAgentAside(Command):
    """An agent goes offline, whatever its presence, since the engine failed on a timer of its. Like Tick, Resume and
    SetContactAside it is taken while a timer is due."""

    FIELDS = ("agent_id",)

    def __init__(self, str agent_id not None, *, str request_id not None=""):
        ensure_id(agent_id, "agent_id")
        self._begin(CMD_SET_AGENT_ASIDE, request_id)
        self.agent_id = agent_id
