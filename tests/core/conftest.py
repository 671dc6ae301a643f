"""Both engines for the tests of this folder, and `play`: scenarios as tables, one command and its result a line.

    play('''
        0 | policy one_queue         | policy 1
        0 | agent ann spanish=80     | ann added
        0 | ann ready                | ann ready
        5 | enqueue c1 sales         | c1 enqueued, c1 offered ann #1 until=25
        6 | ann declines c1          | c1 declined ann #1, c1 excludes ann until=66
        7 | ann accepts c1 #1        | refused OFFER_DECLINED offer_id
    ''', one_queue=Policy(...))

The first column is the time in seconds (decimals allowed), the second the command, the third what must come of it:
every event in its order, or `-` for none, `duplicate`, or `refused REASON field`, which also proves that nothing
changed. An event's words must be as written; a `key=value` after them is looked at only where it is given (times in
seconds of the scenario, waits and durations in seconds). A line without command goes on with the events of the line
above, one without time happens at the same. `#` starts a comment line.

Commands: policy NAME [expect=N] · agent ann skill=80 cap=200 max:chat=2 sales@TIER sales@TIER/POSITION [; bob ...] ·
remove ann bob · ann ready|away [why]|offline [lease=S] · heartbeat ann · enqueue ID|- QUEUE [channel=] [priority=]
[credit=MS] [customer=] [attributes=] [prefers=ann,bob] [hold=S] [callback=NUMBER] [start=S] [end=S] [attempts=]
[about=ID] [weights=skill:3,other:1] [attached] [only] [needs REQUIREMENT] · update ID [priority=] [credit=MS]
[attributes=] [needs ...] · hold ID · retrieve ID · abandon ID · cancel ID ·
ann accepts|declines|busy|unreachable|misses ID [#OFFER] (the live one if not given) · complete ID [by=ann] [wrap=S]
[unreached] · transfer ID ann queue=|agent=|with=ID [priority=] [restart] [needs ...] · ann picks ID [for=NAME] ·
callback ID NUMBER [start=S] [end=S] [attempts=] ·
open QUEUE · close QUEUE · aside ID · forget CUSTOMER [ID ...] · wrapped ann [ID] · detach ID · attach ID · tick ·
resume.
Any of them with `id=R` has that request id.

Questions change nothing: `? ID` (state and agent), `? ann` (presence and what it holds), `? timer` (when the next is
due), `? queue NAME` (how many wait), `? position ID`, `? estimate ID` and `? estimate queue NAME` (position, expected
wait in seconds or -1, predictor, error in ms), `? explain ID ann` (either may be `-`): the rule, contact and
agent ahead, how many agents are able and how many of them have room.

An update may have [prefers=ann,bob|-] [hold=S] [only]; an agent `weight=30`.

Each scenario is played straight and with the engine restored from its snapshot after every command; a compiled engine
is held to the reference's state after every command as well.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from acd_core import commands as c
from acd_core.digest import hash_text, mix_word
from acd_core.engine import Engine
from acd_core.enums import (
    ContactState,
    EndCause,
    EndKind,
    EventType,
    MatchCause,
    MoveCause,
    OfferOutcome,
    Presence,
    PresenceCause,
    ReservationEnd,
    SegmentCause,
    StepAction,
    Strategy,
)
from acd_core.events import EVENT_FIELDS, Answer, Event
from acd_core.limits import Limits
from acd_core.policy import Policy, SkillWeight
from acd_core.reference import ReferenceEngine
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel

ORIGIN_NS = 1_600_000_000 * 10**9
"""The scenario's second 0."""

PRESENCES = {"ready": Presence.READY, "away": Presence.AWAY, "offline": Presence.OFFLINE}
OUTCOMES = {
    "declines": OfferOutcome.DECLINED,
    "busy": OfferOutcome.BUSY,
    "unreachable": OfferOutcome.UNREACHABLE,
    "misses": OfferOutcome.MISSED,
}
ABOUT_A_CONTACT = {
    EventType.CONTACT_ENQUEUED: "enqueued",
    EventType.CONTACT_UPDATED: "updated",
    EventType.CONTACT_HELD: "held {agent_id}",
    EventType.CONTACT_RETRIEVED: "retrieved {agent_id}",
    EventType.CONTACT_DETACHED: "detached",
    EventType.CONTACT_ATTACHED: "attached",
    EventType.OFFER_MADE: "offered {agent_id} #{offer_id}",
    EventType.OFFER_ACCEPTED: "accepted {agent_id} #{offer_id}",
    EventType.CONTACT_ASSIGNED: "assigned {agent_id} #{offer_id}",
    EventType.AGENT_EXCLUDED: "excludes {agent_id}",
    EventType.EXCLUSION_ENDED: "readmits {agent_id}",
    EventType.CONTACT_COMPLETED: "completed {agent_id}",
    EventType.CONTACT_UNATTENDED: "unattended {agent_id}",
    EventType.CONTACT_MOVED: "moved",
    EventType.TREATMENT_STARTED: "hears {text}",
    EventType.CALLBACK_OFFERED: "is asked {text}",
    EventType.CONTACT_RESERVED: "reserved",
    EventType.CALLBACK_SET: "callback {text}",
    EventType.CONTACT_SCHEDULED: "scheduled",
    EventType.CALLBACK_DUE: "due",
    EventType.CONSULTATION_OPENED: "consults {text}",
}
ABOUT_AN_AGENT = {
    EventType.AGENT_ADDED: "added",
    EventType.AGENT_UPDATED: "updated",
    EventType.AGENT_REMOVED: "removed",
    EventType.AGENT_DELAYED: "delayed",
    EventType.AGENT_DELAY_ENDED: "undelayed",
}


def seconds(text: str) -> int:
    """A number of seconds as nanoseconds."""
    return int(Decimal(text) * 10**9)


def shown(ns: int) -> str:
    """Nanoseconds as seconds without needless zeros."""
    return f"{Decimal(ns) / 10**9:f}" if ns % 10**9 else str(ns // 10**9)


def words_of(event: Event) -> str:
    """The event as a scenario writes it, without its keys."""
    kind = EventType(event.type)
    fields = {"agent_id": event.agent_id, "offer_id": event.offer_id, "text": event.text}
    match kind:
        case EventType.POLICY_APPLIED:
            return f"policy {event.policy_version}"
        case EventType.RESUMED:
            return f"resumed {shown(event.duration_ns)}"
        case EventType.PRESENCE_CHANGED:
            return f"{event.agent_id} {Presence(event.presence).name.lower()}"
        case EventType.OFFER_ENDED:
            return f"{event.contact_id} {OfferOutcome(event.cause).name.lower()} {event.agent_id} #{event.offer_id}"
        case EventType.CONTACT_CLOSED:
            return f"{event.contact_id} closed {EndCause(event.cause).name.lower()}"
        case EventType.PLAN_STEP_TAKEN:
            return f"{event.contact_id} step {event.step} {StepAction(event.cause).name.lower()}"
        case EventType.WAIT_ENDED:
            return f"{event.contact_id} sent {EndKind(event.cause).name.lower()} {event.text}".rstrip()
        case EventType.RESERVATION_ENDED:
            return f"{event.contact_id} unreserved {ReservationEnd(event.cause).name.lower()}"
        case EventType.SEGMENT_OPENED:
            return f"{event.contact_id} segment {SegmentCause(event.cause).name.lower()}"
        case EventType.QUEUE_OPENED:
            return f"{event.queue_id} opened"
        case EventType.QUEUE_CLOSED:
            return f"{event.queue_id} closed"
        case EventType.CUSTOMER_FORGOTTEN:
            return f"{event.contact_id or 'nobody'} forgotten"
        case _ if kind in ABOUT_AN_AGENT:
            return f"{event.agent_id} {ABOUT_AN_AGENT[kind]}"
        case _:
            return f"{event.contact_id} {ABOUT_A_CONTACT[kind].format(**fields)}".rstrip()


def key_of(event: Event, key: str) -> str:
    """One of the event's facts as a scenario writes it after the words."""
    match key:
        case "at":
            return shown(event.at_ns - ORIGIN_NS)
        case "until":
            return shown(event.until_ns - ORIGIN_NS) if event.until_ns else "0"
        case "wait" | "duration":
            return shown(getattr(event, f"{key}_ns"))
        case "strategy":
            return Strategy(event.strategy).name.lower()
        case "by":
            return "agent" if event.chosen_by == 2 else "contact"
        case "why":
            causes = {EventType.PRESENCE_CHANGED: PresenceCause, EventType.CONTACT_MOVED: MoveCause}
            return causes.get(EventType(event.type), MatchCause)(event.cause).name.lower()
        case "needs" | "reason" | "second" | "for":
            return event.text
        case "attributes":
            return event.attributes.decode()
        case "credit" | "version":
            return str(getattr(event, {"credit": "credit_ms", "version": "policy_version"}[key]))
        case "queue" | "channel" | "customer" | "agent":
            return str(getattr(event, f"{key}_id"))
        case _:
            return str(getattr(event, key))


class Scenario:
    """Plays tables on one engine."""

    def __init__(self, engine_class: Any, restoring: bool) -> None:
        self.engine_class = engine_class
        self.engine: Any = engine_class(seed=1)
        self.restoring = restoring
        self.twin = None if engine_class is ReferenceEngine else ReferenceEngine(seed=1)
        self.policies: dict[str, Policy] = {}
        self.answer: Answer | None = None
        """Of the last command that was taken."""

    def __call__(self, table: str, **policies: Policy) -> "Scenario":
        self.policies.update(policies)
        for at, command, expected in rows(table):
            place = f"at {at}: {command}"
            if command.startswith("?"):
                assert self.ask(command[1:].split()) == expected, place
            else:
                self.step(ORIGIN_NS + seconds(at), self.command(command), expected, place)
        return self

    def limit(self, **limits: int) -> None:
        """Lower the operator's bounds."""
        for engine in filter(None, (self.engine, self.twin)):
            engine.limits = Limits(**limits)

    def step(self, at_ns: int, command: c.Command, expected: str, place: str) -> None:
        before = self.picture()
        try:
            answer = self.engine.apply(at_ns, command)
        except Refused as refused:
            assert f"refused {refused.reason} {refused.field}" == expected, f"{place}: {refused}"
            assert refused.message, f"{place}: a refusal says what is wrong"
            assert self.picture() == before, f"{place}: a refused command changed the state"
            self.twin_refuses(at_ns, command, expected, place)
            return
        self.answer = answer
        if expected == "duplicate":
            assert answer.duplicate, f"{place}: taken as new"
            assert answer.events == (), place
            assert self.picture() == before, f"{place}: a repeated command changed the state"
            assert self.twin is None or self.twin.apply(at_ns, command) == answer, f"{place}: the reference differs"
            return
        assert not expected.startswith("refused"), f"{place}: taken, with {answer.events}"
        assert not answer.duplicate, f"{place}: taken as a duplicate"
        check_events(answer.events, expected, place)
        check_numbers(before, answer, self.engine, place)
        if self.twin is not None:
            assert self.twin.apply(at_ns, command) == answer, f"{place}: the reference answers otherwise"
            assert self.twin.state_digest() == self.engine.state_digest(), f"{place}: the reference's state is another"
        if self.restoring:
            limits = self.engine.limits
            self.engine = self.engine_class.restore(self.engine.snapshot())
            self.engine.limits = limits
            after = (answer.seq, answer.events[-1].event_seq if answer.events else before[1])
            assert self.picture()[:2] == after, f"{place}: restored otherwise"

    def twin_refuses(self, at_ns: int, command: c.Command, expected: str, place: str) -> None:
        if self.twin is not None:
            with pytest.raises(Refused) as refusal:
                self.twin.apply(at_ns, command)
            assert f"refused {refusal.value.reason} {refusal.value.field}" == expected, place

    def picture(self) -> tuple[int, int, int, str]:
        return self.engine.seq, self.engine.event_seq, self.engine.event_hash, self.engine.state_digest()

    def ask(self, words: list[str]) -> str:
        match words:
            case ["timer"]:
                due_ns = self.engine.next_timer()
                return "none" if due_ns is None else shown(due_ns - ORIGIN_NS)
            case ["queue", queue_id]:
                return str(self.engine.waiting_in(queue_id))
            case ["position", contact_id]:
                return str(self.engine.estimate_contact(contact_id).position)
            case ["estimate", *what]:
                ask = self.engine.estimate_queue if len(what) == 2 else self.engine.estimate_contact
                told = ask(what[-1])
                expected = "-1" if told.expected_wait_ns == -1 else shown(told.expected_wait_ns)
                return f"{told.position} {expected} {told.predictor.name.lower()} {told.error_ms}"
            case ["explain", contact_id, agent_id]:
                why = self.engine.explain(contact_id.strip("-"), agent_id.strip("-"))
                if why is None:
                    return "nothing"
                rule = "-" if why.rule is None else why.rule.name.lower()
                ahead = f"{why.contact_ahead_id or '-'} {why.agent_ahead_id or '-'}"
                return f"{rule} {ahead} {why.agents_able} {why.agents_with_room}"
            case [name]:
                contact, agent = self.engine.contact(name), self.engine.agent(name)
                if contact is not None:
                    return f"{ContactState(contact.state).name.lower()} {contact.agent_id}".strip()
                if agent is not None:
                    held = " ".join(agent.contact_ids)
                    return f"{Presence(agent.presence).name.lower()} used={agent.used} {held}".strip()
                return "unknown"
            case _:
                raise AssertionError(f"no such question: {words}")

    def command(self, text: str) -> c.Command:
        text, given, needs = f"{text} ".partition(" needs ")
        requirement = needs.strip() if given else None
        words = text.split()
        pairs: dict[str, str] = {}
        for word in list(words):
            key, equals, value = word.partition("=")
            if equals and (words[0] != "agent" or key == "id"):
                pairs[key] = value
                words.remove(word)
        request = {"request_id": pairs.pop("id", "")}
        command = self.build(words, pairs, requirement, request)
        assert not pairs, f"{text}: not understood: {pairs}"
        return command

    def build(self, words: list[str], pairs: dict[str, str], needs: str | None, request: dict[str, Any]) -> c.Command:
        match words:
            case ["tick"]:
                return c.Tick(**request)
            case ["resume"]:
                return c.Resume(**request)
            case ["policy", name]:
                return c.ApplyPolicy(self.policies[name], int(pairs.pop("expect", "-1")), **request)
            case ["agent", *specs]:
                return c.UpsertAgents(tuple(spec(text.split()) for text in " ".join(specs).split(";")), **request)
            case ["remove", *agent_ids]:
                return c.RemoveAgents(tuple(agent_ids), **request)
            case ["heartbeat", *agent_ids]:
                return c.Heartbeat(tuple(agent_ids), **request)
            case ["enqueue", contact_id, queue_id, *rest]:
                more = {**preference(pairs, rest), **callback(pairs)}
                if "callback" in pairs:
                    more["callback_address"] = pairs.pop("callback")
                if "weights" in pairs:
                    given = (weight.split(":") for weight in pairs.pop("weights").split(","))
                    more["skill_weights"] = tuple(SkillWeight(skill, int(weight)) for skill, weight in given)
                more["consults_contact_id"] = pairs.pop("about", "")
                return c.EnqueueContact(
                    "" if contact_id == "-" else contact_id, queue_id, pairs.pop("channel", "voice"), needs or "",
                    int(pairs.pop("priority", "0")), int(pairs.pop("credit", "0")), pairs.pop("customer", ""),
                    pairs.pop("attributes", "").encode(), "attached" in rest, **more, **request,
                )  # fmt: skip
            case ["update", contact_id, *rest]:
                numbers: dict[str, Any] = {key: int(pairs.pop(word)) for word, key in NUMBERS.items() if word in pairs}
                attributes = pairs.pop("attributes").encode() if "attributes" in pairs else None
                more = preference(pairs, rest) if "prefers" in pairs else {}
                return c.UpdateContact(
                    contact_id, requirement=needs, attributes=attributes, **numbers, **more, **request
                )
            case ["transfer", contact_id, agent_id, *rest]:
                to = {name: pairs.pop(key) for key, name in TRANSFERS.items() if key in pairs}
                priority = int(pairs.pop("priority")) if "priority" in pairs else None
                return c.TransferContact(
                    contact_id, agent_id, requirement=needs, priority=priority, restart_wait="restart" in rest, **to,
                    **request,
                )  # fmt: skip
            case [agent_id, "picks", contact_id]:
                return c.PickContact(contact_id, agent_id, pairs.pop("for", ""), **request)
            case ["callback", contact_id, number]:
                return c.RequestCallback(contact_id, number, **callback(pairs), **request)
            case ["open", queue_id]:
                return c.OpenQueue(queue_id, **request)
            case ["close", queue_id]:
                return c.CloseQueue(queue_id, **request)
            case [agent_id, "aside"]:
                return c.SetAgentAside(agent_id, **request)
            case ["forget", customer_id, *contact_ids]:
                return c.ForgetCustomer(customer_id, tuple(contact_ids), **request)
            case ["aside", contact_id]:
                return c.SetContactAside(contact_id, **request)
            case ["hold" | "retrieve" as verb, contact_id]:
                return c.UpdateContact(contact_id, held=verb == "hold", **request)
            case ["abandon" | "cancel" as verb, contact_id]:
                return c.CancelContact(contact_id, verb == "abandon", **request)
            case ["complete", contact_id, *rest]:
                wrap_up_ms = seconds(pairs.pop("wrap")) // 10**6 if "wrap" in pairs else -1
                unreached = "unreached" in rest
                return c.CompleteContact(contact_id, pairs.pop("by", ""), wrap_up_ms, not_reached=unreached, **request)
            case ["wrapped", agent_id, *contact_id]:
                return c.FinishWrapUp(agent_id, *contact_id, **request)
            case ["detach", contact_id]:
                return c.DetachContact(contact_id, **request)
            case ["attach", contact_id]:
                return c.AttachContact(contact_id, **request)
            case [agent_id, verb, *reason] if verb in PRESENCES:
                lease_ms = seconds(pairs.pop("lease", "0")) // 10**6
                return c.SetPresence(agent_id, PRESENCES[verb], " ".join(reason), lease_ms, **request)
            case [agent_id, "accepts", contact_id, *offer]:
                return c.AcceptOffer(contact_id, agent_id, self.offer(contact_id, offer), **request)
            case [agent_id, verb, contact_id, *offer] if verb in OUTCOMES:
                offer_id = self.offer(contact_id, offer)
                return c.DeclineOffer(contact_id, agent_id, offer_id, OUTCOMES[verb], **request)
            case _:
                raise AssertionError(f"no such command: {words}")

    def offer(self, contact_id: str, given: list[str]) -> int:
        if given:
            return int(given[0].removeprefix("#"))
        offer_id: int = self.engine.contact(contact_id).offer_id
        return offer_id


NUMBERS = {"priority": "priority", "credit": "credit_ms"}
TRANSFERS = {"queue": "queue_id", "agent": "to_agent_id", "with": "consultation_contact_id"}


def preference(pairs: dict[str, str], rest: list[str]) -> dict[str, Any]:
    """`prefers=ann,bob hold=20 only` as fields of a command."""
    more: dict[str, Any] = {"only_preferred": "only" in rest}
    if "prefers" in pairs:
        more["preferred_agents"] = tuple(name for name in pairs.pop("prefers").split(",") if name != "-")
    if "hold" in pairs:
        more["preferred_hold_ms"] = seconds(pairs.pop("hold")) // 10**6
    return more


def callback(pairs: dict[str, str]) -> dict[str, Any]:
    """`start=60 end=90 attempts=2` as fields of a command."""
    more: dict[str, Any] = {}
    for key, name in (("start", "window_start_ns"), ("end", "window_end_ns")):
        if key in pairs:
            more[name] = ORIGIN_NS + seconds(pairs.pop(key))
    if "attempts" in pairs:
        more["attempts_max"] = int(pairs.pop("attempts"))
    return more


def rows(table: str) -> Iterator[tuple[str, str, str]]:
    """Time, command, expectation; continued lines joined."""
    gathered: list[list[str]] = []
    for line in table.splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        at, command, expected = (column.strip() for column in line.split("|"))
        if command:
            gathered.append([at or gathered[-1][0], command, expected])
        else:
            gathered[-1][2] = f"{gathered[-1][2]} {expected}"
    for at, command, expected in gathered:
        yield at, command, expected


def spec(words: list[str]) -> AgentSpec:
    """`ann spanish=80 cap=200 max:chat=2 sales@1/7` as an agent."""
    fields: dict[str, Any] = {"skills": [], "channel_maxima": [], "memberships": []}
    for word in words[1:]:
        if "@" in word:
            queue_id, _, place = word.partition("@")
            tier, _, position = place.partition("/")
            fields["memberships"].append(QueueMembership(queue_id, int(tier), int(position or 0)))
            continue
        key, _, value = word.partition("=")
        if key in ("cap", "weight"):
            fields["capacity" if key == "cap" else key] = int(value)
        elif key.startswith("max:"):
            fields["channel_maxima"].append(ChannelMaximum(key.removeprefix("max:"), int(value)))
        else:
            fields["skills"].append(SkillLevel(key, int(value)))
    lists: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return AgentSpec(words[0], **lists)


def check_events(events: tuple[Event, ...], expected: str, place: str) -> None:
    wanted = [] if expected == "-" else [text.strip() for text in expected.split(",")]
    parsed = []
    for text in wanted:
        words = text.split()
        pairs = dict(word.split("=", 1) for word in words if "=" in word)
        parsed.append((" ".join(word for word in words if "=" not in word), pairs))
    assert [words_of(event) for event in events] == [head for head, _ in parsed], place
    for event, (head, pairs) in zip(events, parsed, strict=True):
        found = {key: key_of(event, key) for key in pairs}
        assert found == pairs, f"{place}: {head}"


def check_numbers(before: tuple[int, int, int, str], answer: Answer, engine: Any, place: str) -> None:
    """Section 16, 5: no gaps in `seq` and `event_seq`, whatever the command."""
    assert answer.seq == before[0] + 1 == engine.seq, place
    assert [event.event_seq for event in answer.events] == [
        before[1] + 1 + index for index in range(len(answer.events))
    ], place
    assert all(event.seq == answer.seq for event in answer.events), place
    is_anew = any(event.type == EventType.CUSTOMER_FORGOTTEN for event in answer.events)
    expected = hashed(0 if is_anew else before[2], answer.events)
    assert engine.event_hash == expected, f"{place}: the running hash is not that of the events"


def hashed(word: int, events: tuple[Event, ...]) -> int:
    """The running hash after these events, as `acd_core.digest` describes it."""
    for event in events:
        for name in ("type", "event_seq", "seq", "at_ns", *EVENT_FIELDS[EventType(event.type)]):
            value = getattr(event, name)
            word = mix_word(word, hash_text(value) if isinstance(value, str) else value)
    return word


@pytest.fixture(params=["reference", "fast"])
def engine_class(request: pytest.FixtureRequest) -> Any:
    """Each engine in turn."""
    return ReferenceEngine if request.param == "reference" else Engine


@pytest.fixture(params=["straight", "restored"])
def play(engine_class: Any, request: pytest.FixtureRequest) -> Callable[..., Scenario]:
    """Plays a table; see this file's head."""
    return Scenario(engine_class, restoring=request.param == "restored")
