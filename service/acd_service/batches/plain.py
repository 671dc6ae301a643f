"""A batch applied to any engine, step by step, by the plain codec: what the compiled form is held to."""

import struct
from collections import Counter
from collections.abc import Callable
from typing import Final

from acd_core.commands import ApplyPolicy, Command, Heartbeat, Tick
from acd_core.enums import Presence
from acd_core.events import Answer
from acd_core.limits import AT_NS_MAX
from acd_core.refusal import Reason, Refused
from acd_service.batches.batch import Applied, Batch, BatchFailed, Permit, head_of, reason_of
from acd_service.codec.answers import result_of
from acd_service.codec.batches import dispatched_command, error_result, kept_content
from acd_service.codec.records import encode_command, encode_event
from acd_service.codec.values import varint
from acd_service.engine_interface import RoutingEngine
from acd_service.service_error import CommandSetAside
from acd_service.set_aside import SetAside

_KINDS: Final = 32
_NS: Final = 1_000_000_000


def apply_plain(
    engine: RoutingEngine,
    at_ns: int,
    batch: Batch,
    start: int,
    status_of: Callable[[Exception], bytes],
    permit: Permit | None,
    set_aside: SetAside | None,
    asked_by: bytes,
) -> Applied:
    """As `apply_batch`, for an engine that need not be the compiled one."""
    if not 1 <= at_ns <= AT_NS_MAX:
        raise Refused(Reason.OUT_OF_RANGE, "at", f"{at_ns} is out of range 1 to {AT_NS_MAX}")
    if not 0 <= start < len(batch):
        raise IndexError(start)
    run = _Run(engine, asked_by)
    if not start:
        run.results += head_of(batch)
    policy: ApplyPolicy | None = None
    after = start
    while after < len(batch) and policy is None:
        place, after = after, after + 1
        done = batch.known.get(place)
        if isinstance(done, bytes):
            run.results += framed(2, done)
            continue
        content = batch.frame.command(place)
        command: Command | None = None
        try:
            command = _command_at(batch, place, content, permit)
            if set_aside is not None and command in set_aside:
                raise CommandSetAside("the engine failed on this command before")
        except Exception as error:
            run.refuse(command, error, status_of)
            continue
        due_ns = engine.next_timer()
        if due_ns is not None and due_ns <= at_ns and at_ns >= engine.now_ns:
            run.tick(at_ns)
        try:
            answer = engine.apply(at_ns, command)
        except Refused as error:
            run.refuse(command, error, status_of)
            continue
        except Exception as error:
            raise BatchFailed(place, command, at_ns, error) from error
        # The engine is ahead of the journal until all of this is written.
        try:
            if answer.duplicate:
                run.refused[command.kind, "DUPLICATE"] += 1
            else:
                is_known = place in batch.known
                run.accept(command, answer, encode_command(command) if is_known else kept_content(content, command))
            result = result_of(command, answer, _not_signed_on(engine, command)).SerializeToString()
        except Exception as error:
            raise BatchFailed(place, command, at_ns, error) from error
        if isinstance(command, ApplyPolicy) and not answer.duplicate:
            policy = command
        run.results += framed(2, result)
    return run.applied(after, at_ns, policy)


def framed(field: int, content: bytes) -> bytes:
    """Length-delimited content of a field below 16."""
    return bytes([field << 3 | 2]) + varint(len(content)) + content


def record_bytes(seq: int, at_ns: int, command: bytes, asked_by: bytes) -> bytes:
    """An `acd.v1.CommandRecord` of the very bytes of an `acd.v1.Command`."""
    seconds, nanos = divmod(at_ns, _NS)
    at = (b"\x08" + varint(seconds) if seconds else b"") + (b"\x10" + varint(nanos) if nanos else b"")
    return b"\x08" + varint(seq) + framed(2, at) + framed(3, command) + asked_by


def _command_at(batch: Batch, place: int, content: bytes, permit: Permit | None) -> Command:
    if permit is not None and not _is_granted(permit.granted, content):
        permit.check(content)
    known = batch.known.get(place)
    if isinstance(known, Exception):
        raise known
    return known if isinstance(known, Command) else dispatched_command(content, place)


def _is_granted(granted: int, content: bytes) -> bool:
    """Whether the command needs no further look: one field, that may be given. Of several, protobuf takes the last."""
    if len(content) < 2 or content[0] >= 0x80 or content[0] & 7 != 2 or not granted >> (content[0] >> 3) & 1:
        return False
    size, place = 0, 1
    for shift in range(0, 64, 7):
        if place == len(content):
            return False
        byte = content[place]
        size |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return place + size == len(content)
    return False


def _not_signed_on(engine: RoutingEngine, command: Command) -> list[str]:
    if not isinstance(command, Heartbeat):
        return []
    views = ((agent_id, engine.agent(agent_id)) for agent_id in command.agent_ids)
    return [agent_id for agent_id, view in views if view is None or view.presence == Presence.OFFLINE]


class _Run:
    """The outputs of a run as they grow."""

    def __init__(self, engine: RoutingEngine, asked_by: bytes) -> None:
        self._engine = engine
        self._asked_by = asked_by
        self._records = bytearray()
        self._hashes: list[int] = []
        self._seqs: list[int] = []
        self._events = bytearray()
        self._event_seqs: list[int] = []
        self._accepted = [0] * _KINDS
        self.results = bytearray()
        self.refused: Counter[tuple[int, str]] = Counter()

    def accept(self, command: Command, answer: Answer, content: bytes) -> None:
        self._accepted[command.kind] += 1
        self._records += framed(1, record_bytes(answer.seq, answer.at_ns, content, self._asked_by))
        self._hashes.append(self._engine.event_hash)
        self._seqs.append(answer.seq)
        for event in answer.events:
            self._events += framed(2, encode_event(event) + self._asked_by)
            self._event_seqs.append(event.event_seq)

    def tick(self, at_ns: int) -> None:
        command = Tick()
        try:
            self.accept(command, self._engine.apply(at_ns, command), encode_command(command))
        except Exception as error:
            raise BatchFailed(-1, command, at_ns, error) from error

    def refuse(self, command: Command | None, error: Exception, status_of: Callable[[Exception], bytes]) -> None:
        self.refused[0 if command is None else command.kind, reason_of(error)] += 1
        self.results += framed(2, error_result(status_of(error)))

    def applied(self, after: int, at_ns: int, policy: ApplyPolicy | None) -> Applied:
        hashes = struct.pack(f"<{len(self._hashes)}Q", *self._hashes)
        return Applied(
            after=after,
            at_ns=at_ns,
            results=bytes(self.results),
            commands=bytes(self._records) + (framed(2, hashes) if hashes else b""),
            first_seq=self._seqs[0] if self._seqs else 0,
            last_seq=self._seqs[-1] if self._seqs else 0,
            event_hash=self._engine.event_hash,
            events=bytes(self._events),
            first_event_seq=self._event_seqs[0] if self._event_seqs else 0,
            last_event_seq=self._event_seqs[-1] if self._event_seqs else 0,
            accepted=self._accepted,
            refused=self.refused,
            policy=policy,
            policy_version=self._engine.policy_version if policy is not None else 0,
        )
