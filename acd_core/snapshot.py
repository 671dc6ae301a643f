"""The canonical bytes of an engine's state: the same state gives the same bytes in every implementation.

A snapshot is the magic, then the fields of `STATE` in order. Whole numbers are 8 bytes little endian (two's
complement, hashes unsigned), texts and bytes are a 4-byte length and their bytes, lists a 4-byte count and their
records one after another. There is no padding and no optional part: what is absent is 0, -1 or empty, as each table
says. What can be derived (who holds what, indexes, classes) is not stored.

The digest of a state is BLAKE2b (RFC 7693) with 16 bytes over its snapshot, in hexadecimal.

    >>> data = encode(EMPTY_STATE)
    >>> decode(data) == EMPTY_STATE
    True
"""

import hashlib
import struct
from collections.abc import Mapping
from typing import Any, Final

from acd_core.enums import EndCause
from acd_core.policy import Policy

MAGIC: Final = b"ACDSNAP\x01"
"""The last byte is the format's version."""

BEHAVIOUR_VERSION: Final = 1
"""Raised when the same commands would give other events than before."""

BEHAVIOUR_VERSIONS_READ: Final = frozenset({1})
"""Those whose states this engine can go on from, its own among them: an earlier one belongs here if each of its states
is one of this version's too. It stays as long as a journal may be upgraded from it.
"""

Schema = tuple[tuple[str, Any], ...]
"""Fields in order: a name and "int", "word" (unsigned), "text", "bytes" or, for a list, the schema of its records."""

SKILL: Final[Schema] = (("skill", "text"), ("level", "int"))
CHANNEL_MAXIMUM: Final[Schema] = (("channel_id", "text"), ("maximum", "int"))
MEMBERSHIP: Final[Schema] = (("queue_id", "text"), ("tier", "int"), ("position", "int"))
EXCLUSION: Final[Schema] = (("agent_ordinal", "int"), ("until_ns", "int"))
ORDINAL: Final[Schema] = (("ordinal", "int"),)
SKILL_WEIGHT: Final[Schema] = (("skill", "text"), ("weight", "int"))
STEP_TAKEN: Final[Schema] = (("step", "int"),)
STEP_JUDGED: Final[Schema] = (("word", "word"), ("taken", "int"))
OFFER: Final[Schema] = (
    ("offer_id", "int"),
    ("agent_ordinal", "int"),
    ("expires_ns", "int"),
    ("second", "int"),  # 1: made for the contact's second entry
    ("broadcast", "int"),  # 1: a broadcast offer
)
ENDED_OFFER: Final[Schema] = (("offer_id", "int"), ("agent_ordinal", "int"), ("outcome", "int"))

AGENT: Final[Schema] = (
    ("ordinal", "int"),
    ("agent_id", "text"),
    ("display_name", "text"),
    ("skills", SKILL),  # by name
    ("capacity", "int"),
    ("channel_maxima", CHANNEL_MAXIMUM),  # by name
    ("memberships", MEMBERSHIP),  # by queue
    ("leaving", "int"),  # 1: removed, and serves its last contacts
    ("presence", "int"),
    ("reason", "text"),
    ("idle_since_ns", "int"),  # 0: not ready since sign-on
    ("last_offer_id", "int"),  # 0: none yet
    ("misses_in_row", "int"),
    ("lease_ms", "int"),  # 0: no lease
    ("delayed_until_ns", "int"),  # 0: not delayed
    ("weight", "int"),
    ("contacts_begun", "int"),
    ("talk_ns", "int"),
    ("occupancy_key", "int"),
    ("occupancy_at_ns", "int"),
)

CONTACT: Final[Schema] = (
    ("ordinal", "int"),
    ("contact_id", "text"),
    ("queue_id", "text"),
    ("channel_id", "text"),
    ("requirement", "text"),
    ("priority", "int"),
    ("credit_ms", "int"),
    ("customer_id", "text"),
    ("attributes", "bytes"),
    ("content_word", "word"),  # of the command that made it
    ("arrived_ns", "int"),
    ("state", "int"),
    ("state_since_ns", "int"),
    ("agent_ordinal", "int"),  # served by or wrapped up by; -1: nobody
    ("offer_id", "int"),  # the accepted offer; 0: none
    ("accepted_ns", "int"),  # 0: not yet
    ("held", "int"),
    ("offers", OFFER),  # live ones, by id
    ("ended_offers", ENDED_OFFER),  # in the order in which they ended
    ("attached", "int"),  # 1: a stream follows it; a broken one has a timer
    ("exclusions", EXCLUSION),  # oldest first
    ("second_queue_id", "text"),
    ("requirement_now", "text"),
    ("priority_now", "int"),
    ("credit_now_ms", "int"),
    ("raised_tier", "int"),  # -1: not raised
    ("next_step", "int"),
    ("steps_taken", STEP_TAKEN),
    ("judged", STEP_JUDGED),
    ("skill_weights", SKILL_WEIGHT),  # by skill
    ("preferred_agents", (("agent_id", "text"),)),
    ("preferred_hold_ms", "int"),  # -1: the queue's
    ("only_preferred", "int"),
    ("preferred", ORDINAL),
    ("reserved_for", ORDINAL),  # empty: not reserved
    ("opened_ns", "int"),
    ("plan_from_ns", "int"),
    ("callback_address", "text"),
    ("window_start_ns", "int"),
    ("window_end_ns", "int"),
    ("attempts_max", "int"),
    ("attempts", "int"),
    ("consults_ordinal", "int"),  # -1: no consultation
    ("consults_contact_id", "text"),
    ("asked_by_ordinal", "int"),  # -1: no consultation
    ("predicted_at_ns", "int"),  # 0: nothing predicted
    ("predicted_queue_length_ns", "int"),  # -1: no value
    ("predicted_last_waits_ns", "int"),  # -1: no value
)

QUEUE: Final[Schema] = (
    ("queue_id", "text"),
    ("served", "int"),
    ("service_us", "int"),
    ("last_wait_ns", "int"),  # -1: none
    ("queue_length_scored", "int"),
    ("queue_length_error", "int"),
    ("last_waits_scored", "int"),
    ("last_waits_error", "int"),
)

SERVED: Final[Schema] = (("customer_id", "text"), ("agent_ordinal", "int"), ("at_ns", "int"))

TIMER: Final[Schema] = (
    ("due_ns", "int"),
    ("ordinal", "int"),
    ("kind", "int"),
    ("contact_ordinal", "int"),  # -1: not about a contact
    ("agent_ordinal", "int"),  # -1: not about an agent
)

REQUEST: Final[Schema] = (
    ("request_id", "text"),
    ("content_word", "word"),
    ("seq", "int"),
    ("at_ns", "int"),
    ("contact_id", "text"),
    ("contact_state", "int"),
    ("agent_id", "text"),
    ("offer_id", "int"),
    ("offer_expires_ns", "int"),
    ("policy_version", "int"),
)

STATE: Final[Schema] = (
    ("behaviour_version", "int"),
    ("now_ns", "int"),
    ("seq", "int"),
    ("event_seq", "int"),
    ("event_hash", "word"),
    ("random_state", "word"),
    ("agents_created", "int"),  # the next agent's ordinal
    ("contacts_created", "int"),  # the next contact's ordinal
    ("segments_opened", "int"),
    ("offers_made", "int"),  # the last offer's id
    ("timers_armed", "int"),  # the next timer's ordinal
    ("closed", (("count", "int"),)),  # by EndCause, from 1; SET_ASIDE, which came later, only if it has been
    ("policy_version", "int"),
    ("policy", "bytes"),  # Policy.to_bytes
    ("agents", AGENT),  # by ordinal
    ("contacts", CONTACT),  # by ordinal
    ("closed_queues", (("queue_id", "text"),)),  # by id
    ("queues", QUEUE),  # by id
    ("served", SERVED),  # oldest first
    ("timers", TIMER),  # by due time and ordinal
    ("requests", REQUEST),  # oldest first
)

EMPTY_STATE: Final[Mapping[str, Any]] = {
    "behaviour_version": BEHAVIOUR_VERSION,
    "now_ns": 0,
    "seq": 0,
    "event_seq": 0,
    "event_hash": 0,
    "random_state": 0,
    "agents_created": 0,
    "contacts_created": 0,
    "segments_opened": 0,
    "offers_made": 0,
    "timers_armed": 0,
    "closed": [{"count": 0} for _ in range(EndCause.LOST)],
    "policy_version": 0,
    "policy": Policy().to_bytes(),
    "agents": [],
    "contacts": [],
    "closed_queues": [],
    "queues": [],
    "served": [],
    "timers": [],
    "requests": [],
}
"""The state of a new engine whose seed is 0."""


class BadSnapshot(ValueError):
    """The bytes are not a snapshot that this version can read."""


def digest_of(snapshot: bytes) -> str:
    """The digest of the state that `snapshot` holds."""
    digest = new_digest()
    digest.update(snapshot)
    return digest.hexdigest()


def new_digest() -> hashlib.blake2b:
    """For the pieces of a snapshot: `digest_of` all together."""
    return hashlib.blake2b(digest_size=16)


def encode(state: Mapping[str, Any]) -> bytes:
    """The canonical bytes of a state given as a mapping with the fields of `STATE`."""
    parts: list[bytes] = [MAGIC]
    _encode_record(parts, STATE, state)
    return b"".join(parts)


def decode(data: bytes) -> dict[str, Any]:
    """The state that `encode` wrote.

    Raises:
        BadSnapshot: the bytes are cut short, foreign, of another format or behaviour version, or have a tail.
    """
    if data[: len(MAGIC)] != MAGIC:
        if len(data) >= len(MAGIC) and data[: len(MAGIC) - 1] == MAGIC[:-1]:
            raise BadSnapshot(f"snapshot format {data[len(MAGIC) - 1]} is not the format {MAGIC[-1]} of this version")
        raise BadSnapshot("not a snapshot: the first bytes are foreign")
    reader = _Reader(data, len(MAGIC))
    try:
        state = reader.record(STATE)
    except (struct.error, UnicodeDecodeError) as error:
        raise BadSnapshot(f"cut short or damaged near byte {reader.position}: {error}") from None
    if reader.position != len(data):
        raise BadSnapshot(f"{len(data) - reader.position} bytes follow the end of the state")
    if state["behaviour_version"] not in BEHAVIOUR_VERSIONS_READ:
        raise BadSnapshot(f"made under behaviour version {state['behaviour_version']}, this is {BEHAVIOUR_VERSION}")
    return state


def _encode_record(parts: list[bytes], schema: Schema, record: Mapping[str, Any]) -> None:
    for name, kind in schema:
        value = record[name]
        if kind == "int":
            parts.append(struct.pack("<q", value))
        elif kind == "word":
            parts.append(struct.pack("<Q", value))
        elif kind == "text" or kind == "bytes":
            raw = value.encode() if kind == "text" else value
            parts.append(struct.pack("<I", len(raw)))
            parts.append(raw)
        else:
            parts.append(struct.pack("<I", len(value)))
            for item in value:
                _encode_record(parts, kind, item)


class _Reader:
    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self.position = position

    def record(self, schema: Schema) -> dict[str, Any]:
        return {name: self._value(kind) for name, kind in schema}

    def _value(self, kind: Any) -> Any:
        if kind == "int" or kind == "word":
            (number,) = struct.unpack_from("<q" if kind == "int" else "<Q", self._data, self.position)
            self.position += 8
            return number
        (size,) = struct.unpack_from("<I", self._data, self.position)
        self.position += 4
        if kind == "text" or kind == "bytes":
            raw = self._data[self.position : self.position + size]
            if len(raw) != size:
                raise struct.error(f"{size} bytes announced, {len(raw)} there")
            self.position += size
            return raw.decode() if kind == "text" else bytes(raw)
        return [self.record(kind) for _ in range(size)]
