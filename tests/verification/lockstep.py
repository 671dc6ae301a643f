"""Several engines given the same commands, compared after each, with the checker beside them."""

from collections import Counter
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from acd_core.commands import Command
from acd_core.enums import CommandKind, EndCause, EventType, OfferOutcome
from acd_core.events import Answer
from acd_core.refusal import Refused
from acd_service.checker import Checker


class DisagreementError(AssertionError):
    """Two engines, or an engine and the checker, say different things."""


class Coverage:
    """What was seen in a run, for the table that proves that it was worth running."""

    def __init__(self) -> None:
        self.commands: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()

    def accepted(self, command: Command, answer: Answer) -> None:
        self.commands[CommandKind(command.kind).name] += 1
        if answer.duplicate:
            self.commands["(duplicate)"] += 1
        for event in answer.events:
            kind = EventType(event.type)
            self.events[kind.name] += 1
            if kind == EventType.CONTACT_CLOSED:
                self.ends[EndCause(event.cause).name] += 1
            elif kind == EventType.OFFER_ENDED:
                self.outcomes[OfferOutcome(event.cause).name] += 1
            elif kind == EventType.OFFER_ACCEPTED:
                self.outcomes[OfferOutcome.ACCEPTED.name] += 1

    def add(self, other: "Coverage") -> None:
        for name in ("commands", "events", "refusals", "ends", "outcomes"):
            getattr(self, name).update(getattr(other, name))

    def table(self) -> str:
        lines = []
        for name in ("commands", "events", "refusals", "ends", "outcomes"):
            lines.append(name)
            lines += [f"  {key:28} {count:>10}" for key, count in sorted(getattr(self, name).items())]
        return "\n".join(lines)


class Lockstep:
    """Engines side by side. The first one named is the one that the others are measured against."""

    def __init__(self, engines: Mapping[str, Any], checker: Checker | None, label: str = "") -> None:
        self.engines = dict(engines)
        self.checker = checker
        self.label = label
        self.given = 0
        self.accepted: list[tuple[int, Command]] = []
        self.hashes: list[int] = []
        """The event hash after each accepted command."""
        self.coverage = Coverage()

    @property
    def lead(self) -> Any:
        return next(iter(self.engines.values()))

    def apply(self, at_ns: int, command: Command) -> Answer | Refused:
        """Give every engine the command; they have to answer alike."""
        self.given += 1
        before = _standing(self.lead)
        results = {name: result_of(engine, at_ns, command) for name, engine in self.engines.items()}
        (first_name, first), *others = results.items()
        for name, result in others:
            if not alike(first, result):
                self.fail(at_ns, command, f"{first_name}: {_shown(first)}\n{name}: {_shown(result)}")
        unchanged = isinstance(first, Refused) or first.duplicate
        after = before if unchanged else _standing(self.lead)
        for name, engine in self.engines.items():
            if _standing(engine) != after:
                what = "refused or repeated, and yet changed" if unchanged else f"unlike {first_name}"
                self.fail(at_ns, command, f"{name}: {what}: (hash, seq, event_seq, now, next timer) "
                                          f"{_standing(engine)} where {after} is due")  # fmt: skip
        if isinstance(first, Refused):
            self.coverage.refusals[first.reason.name] += 1
        else:
            self._judge(at_ns, command, first)
        return first

    def _judge(self, at_ns: int, command: Command, answer: Answer) -> None:
        self.coverage.accepted(command, answer)
        if answer.duplicate:
            return
        self.accepted.append((at_ns, command))
        self.hashes.append(self.lead.event_hash)
        if self.checker is not None:
            violation = self.checker.observe(answer.seq, at_ns, command, answer.events)
            if violation is not None:
                self.fail(at_ns, command, f"the checker: {violation}")

    def compare_digests(self) -> str:
        """The state digest, the same for all."""
        digests = {name: engine.state_digest() for name, engine in self.engines.items()}
        if len(set(digests.values())) != 1:
            self.fail(0, None, f"state digests differ: {digests}\n{self._state_difference()}")
        return next(iter(digests.values()))

    def _state_difference(self) -> str:
        from acd_core.snapshot import decode

        names = list(self.engines)
        states = [decode(self.engines[name].snapshot()) for name in names]
        lines = []
        for field, value in states[0].items():
            for name, state in zip(names[1:], states[1:], strict=True):
                if state[field] != value:
                    lines.append(f"{field}: {names[0]} has {value!r}\n  {name} has {state[field]!r}")
        return "\n".join(lines)

    def fail(self, at_ns: int, command: Command | None, what: str) -> None:
        raise DisagreementError(f"{self.label} command {self.given} at {at_ns}: {command!r}\n{what}")


def _standing(engine: Any) -> tuple[Any, ...]:
    return engine.event_hash, engine.seq, engine.event_seq, engine.now_ns, engine.next_timer()


def result_of(engine: Any, at_ns: int, command: Command) -> Answer | Refused:
    try:
        answer: Answer = engine.apply(at_ns, command)
    except Refused as refused:
        return refused
    return answer


_answer_fields = attrgetter(
    "seq", "at_ns", "duplicate", "contact_id", "contact_state", "agent_id", "offer_id", "offer_expires_ns",
    "policy_version",
)  # fmt: skip
_event_fields = attrgetter(
    "type", "event_seq", "seq", "at_ns", "contact_id", "agent_id", "queue_id", "channel_id", "customer_id", "text",
    "cause", "tier", "strategy", "chosen_by", "presence", "offer_id", "ordinal", "priority", "credit_ms", "score",
    "wait_ns", "until_ns", "duration_ns", "policy_version", "attributes", "agent",
)  # fmt: skip
"""Every field, also those that the hash leaves out; fields that a type does not use are empty in both."""


def alike(one: Answer | Refused, other: Answer | Refused) -> bool:
    """Whether two engines said the same: the same answer with the same events, or the same reason and field."""
    if isinstance(one, Refused):
        return isinstance(other, Refused) and (one.reason, one.field) == (other.reason, other.field)
    if isinstance(other, Refused) or _answer_fields(one) != _answer_fields(other):
        return False
    return [_event_fields(event) for event in one.events] == [_event_fields(event) for event in other.events]


def _shown(result: Answer | Refused) -> str:
    return f"refused {result}" if isinstance(result, Refused) else repr(result)
