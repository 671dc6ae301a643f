"""A stream of commands that looks for trouble: crowded, contradictory, mistimed, but reproducible from its seed.

It reacts to events (accepts live offers, completes what is active) and also does everything that a confused caller
does: accepts stale offers, names who does not exist, repeats request ids, goes back in time, forgets to tick.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from verification.names import CUSTOMERS
from verification.worlds import Worlds

from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    AttachContact,
    CancelContact,
    CloseQueue,
    Command,
    CompleteContact,
    DeclineOffer,
    DetachContact,
    EnqueueContact,
    FinishWrapUp,
    ForgetCustomer,
    Heartbeat,
    OpenQueue,
    PickContact,
    RemoveAgents,
    RequestCallback,
    Resume,
    SetAgentAside,
    SetContactAside,
    SetPresence,
    Tick,
    TransferContact,
    UpdateContact,
    UpsertAgents,
)
from acd_core.enums import CommandKind, ContactState, EventType, OfferOutcome, Presence, Strategy
from acd_core.events import Event
from acd_core.limits import AT_NS_MAX, Limits
from bench.workload import EPOCH_NS, NS_PER_MS, Draws

_OUTCOMES = (OfferOutcome.DECLINED, OfferOutcome.BUSY, OfferOutcome.UNREACHABLE, OfferOutcome.MISSED)
_REMEMBERED = 40
_WHILE_DUE = (CommandKind.TICK, CommandKind.RESUME, CommandKind.SET_CONTACT_ASIDE, CommandKind.SET_AGENT_ASIDE)
"""Taken although a timer is due."""


class _Known:
    """What the stream knows of a live contact."""

    __slots__ = ("agent_id", "callback", "consults", "held", "offers", "state")

    def __init__(self) -> None:
        self.state = ContactState.WAITING
        self.agent_id = ""
        self.offers: dict[int, str] = {}
        """Live offers and whom they are for."""
        self.held = False
        self.callback = False
        self.consults = ""


@dataclass(frozen=True, slots=True)
class _Regime:
    """How many come. Agents who choose need a crowd that waits, contacts who choose need idle agents."""

    arrivals: int
    crowd: tuple[int, int]


_OVERLOAD = _Regime(40, (8, 24))
_BALANCE = _Regime(24, (2, 16))
_IDLE = _Regime(12, (1, 5))


class Adversary:
    """Commands from a seed. Call `next`, apply what it gives, then `learn` (from the events, if it was accepted)."""

    WORLDS = Worlds

    def __init__(self, seed: int, strategies: tuple[Strategy, ...] = ()) -> None:
        """`strategies`: what the queues have, if it is not to be left to the draws."""
        self._draws = draws = Draws(seed)
        self._worlds = self.WORLDS(draws)
        self._worlds.keep_to(strategies)
        self._now_ns = EPOCH_NS + draws.below(3) * 500_001
        self._contacts: dict[str, _Known] = {}
        self._dead: list[str] = []
        self._agents: list[str] = []
        self._stale: list[tuple[str, str, int]] = []
        self._requests: list[Command] = []
        self._numbered = 0
        self._waiting_commands: list[Command] = []
        self._regime = draws.pick((_OVERLOAD, _OVERLOAD, _BALANCE, _IDLE))
        self._crowd = draws.between(*self._regime.crowd)
        pace_ns = self._worlds.pace_ms * NS_PER_MS
        self._steps = (0, 0, 1, pace_ns // 3, pace_ns, pace_ns, 2 * pace_ns + 1)
        if self._worlds.pace_ms == 1:
            self._steps = (0, 1, 100_001, pace_ns // 3, pace_ns // 3, pace_ns // 2, pace_ns)
        self._leap_ns = 20 * pace_ns
        self._kinds = self._weights()
        self._total = sum(weight for _, weight in self._kinds)
        if not draws.chance(50):
            self._open()

    def _open(self) -> None:
        """Begin most streams with a policy and agents who are ready; the others have to muddle through."""
        names = self._names()
        self._queue_up(ApplyPolicy(self._worlds.policy(whole=True)))
        for name in names:
            self._queue_up(UpsertAgents((self._worlds.agent(name),)))
            self._queue_up(SetPresence(name, Presence.READY))

    def _queue_up(self, command: Command) -> None:
        self._waiting_commands.append(command)

    def limits(self) -> Limits:
        """Bounds for the engines of this stream, low enough to be met now and then in one stream out of three."""
        if self._draws.chance(667):
            return Limits()
        queues = len(self._worlds.queues) - self._draws.chance(120)
        return Limits(self._draws.between(2, 5), self._draws.between(3, 12), queues)

    def _weights(self) -> tuple[tuple[Callable[[], Command | None], int], ...]:
        busy = self._draws.between(10, 30)
        arrivals = self._regime.arrivals
        calm = 2 if self._worlds.plain else 1
        features = self._worlds.features
        return (
            (self._enqueue, arrivals),
            (self._accept, busy),
            (self._decline, self._draws.between(2, 12) // calm),
            (self._complete, busy),
            (self._finish, 8),
            (self._presence, self._draws.between(3, 11) // calm),
            (self._heartbeat, 3),
            (self._update, 7),
            (self._cancel, 7),
            (self._detach, 3),
            (self._attach, 2),
            (self._upsert, 3 // calm),
            (self._remove, self._draws.pick((0, 1, 3)) // calm),
            (self._policy, self._draws.pick((0, 1, 1))),
            (Tick, 3),
            (Resume, 1),
            (self._stale_offer, 3),
            (self._transfer, 8 * features.transfers),
            (self._consult, 5 * features.transfers),
            (self._pick, 5 * features.picks),
            (self._request_callback, 5 * features.callbacks),
            (self._open_or_close, 3 * features.opens_and_closes),
            (self._repeat, 2),
        )

    # The stream

    def next(self, next_timer_ns: int | None) -> tuple[int, Command]:
        """The next command and its time, given when the earliest timer is due."""
        draws = self._draws
        if self._waiting_commands and (next_timer_ns is None or next_timer_ns > self._now_ns):
            return self._now_ns, self._waiting_commands.pop(0)
        if draws.chance(8):
            return self._odd_time(), self._any()
        at_ns = self._now_ns + self._step_ns()
        if next_timer_ns is not None and draws.chance(60):
            at_ns = max(at_ns, next_timer_ns - draws.below(2) + draws.below(2))
        command = self._any()
        due = next_timer_ns is not None and next_timer_ns <= at_ns
        if due and command.kind not in _WHILE_DUE and draws.chance(970):
            self._queue_up(command)
            self._now_ns = at_ns
            return at_ns, Tick(request_id=self._request_id())
        self._now_ns = at_ns
        return at_ns, command

    def _step_ns(self) -> int:
        draws = self._draws
        if draws.chance(10):
            return draws.below(self._leap_ns)
        if draws.chance(250):
            return draws.below(2 * self._steps[-1])
        return draws.pick(self._steps)

    def _odd_time(self) -> int:
        return self._draws.pick((0, self._now_ns - 1, self._now_ns - NS_PER_MS, AT_NS_MAX + 1, EPOCH_NS - 1))

    def _any(self) -> Command:
        while True:
            left = self._draws.below(self._total)
            for make, weight in self._kinds:
                left -= weight
                if left < 0:
                    command = make()
                    break
            if command is not None:
                if command.request_id:
                    self._requests = [*self._requests[-_REMEMBERED:], command]
                return command

    def learn(self, events: Sequence[Event]) -> None:
        """Take in what was answered."""
        for event in events:
            contact_id = event.contact_id
            match event.type:
                case EventType.AGENT_ADDED:
                    if event.agent_id not in self._agents:
                        self._agents.append(event.agent_id)
                case EventType.AGENT_REMOVED:
                    self._agents.remove(event.agent_id)
                case EventType.CONTACT_ENQUEUED:
                    self._contacts[contact_id] = _Known()
                case EventType.OFFER_MADE | EventType.OFFER_ACCEPTED | EventType.CONTACT_ASSIGNED:
                    known = self._contacts[contact_id]
                    made = event.type == EventType.OFFER_MADE
                    known.state = ContactState.OFFERED if made else ContactState.ACTIVE
                    if made:
                        known.offers[event.offer_id] = event.agent_id
                    else:
                        known.offers.pop(event.offer_id, None)
                        known.agent_id = event.agent_id
                    self._stale = [*self._stale[-30:], (contact_id, event.agent_id, event.offer_id)]
                case EventType.OFFER_ENDED:
                    known = self._contacts[contact_id]
                    del known.offers[event.offer_id]
                    if known.state == ContactState.OFFERED and not known.offers:
                        known.state = ContactState.WAITING
                case EventType.CONTACT_SCHEDULED:
                    self._contacts[contact_id].state = ContactState.SCHEDULED
                case EventType.CALLBACK_DUE:
                    self._contacts[contact_id].state = ContactState.WAITING
                case EventType.CALLBACK_SET:
                    self._contacts[contact_id].callback = True
                case EventType.CONSULTATION_OPENED:
                    self._contacts[contact_id].consults = event.text
                case EventType.SEGMENT_OPENED:
                    self._dead.remove(contact_id)
                    self._contacts[contact_id] = _Known()
                case EventType.CONTACT_HELD | EventType.CONTACT_RETRIEVED:
                    self._contacts[contact_id].held = event.type == EventType.CONTACT_HELD
                case EventType.CONTACT_COMPLETED:
                    self._contacts[contact_id].state = ContactState.WRAP_UP
                case EventType.CONTACT_CLOSED:
                    del self._contacts[contact_id]
                    self._dead = [*self._dead[-20:], contact_id]

    # Who and what

    def _request_id(self) -> str:
        if not self._draws.chance(150):
            return ""
        self._numbered += 1
        return f"r{self._numbered}"

    def _in(self, *states: ContactState) -> str | None:
        ids = [contact_id for contact_id, known in self._contacts.items() if known.state in states]
        return self._draws.pick(ids) if ids else None

    def _contact(self, *states: ContactState) -> str:
        """Mostly a contact in one of these states, now and then any, dead or unheard of."""
        found = self._in(*states)
        if found is not None and self._draws.chance(950):
            return found
        if self._contacts and self._draws.chance(900):
            return self._draws.pick(list(self._contacts))
        if self._dead and self._draws.chance(600):
            return self._draws.pick(self._dead)
        return "nobody"

    def _makes_sense(self, *states: ContactState) -> bool:
        """Whether there is a contact in one of these states; now and then yes though there is none."""
        return self._in(*states) is not None or self._draws.chance(50)

    def _agent(self) -> str:
        if self._agents and not self._draws.chance(15):
            return self._draws.pick(self._agents)
        return self._draws.pick(self._names())

    def _names(self) -> list[str]:
        """The ids of all agents there could be."""
        return [f"agent-{number}" if number % 3 else f"agënt-{number}" for number in range(self._worlds.agents_most)]

    # Commands

    def _policy(self) -> Command:
        version = self._draws.pick((-1, -1, -1, 0, 1, 2))
        return ApplyPolicy(self._worlds.policy(), version, request_id=self._request_id())

    def _upsert(self) -> Command:
        names = self._draws.some(self._names(), self._draws.pick((1, 1, 2, 3)))
        return UpsertAgents(tuple(self._worlds.agent(name) for name in names), request_id=self._request_id())

    def _remove(self) -> Command:
        names = {self._agent(): None for _ in range(self._draws.pick((1, 1, 2)))}
        return RemoveAgents(tuple(names), request_id=self._request_id())

    def _presence(self) -> Command:
        presence = self._draws.pick(
            (Presence.READY, Presence.READY, Presence.READY, Presence.READY, Presence.AWAY, Presence.OFFLINE)
        )
        reason = self._draws.pick(("", "lunch", "not_responding")) if presence == Presence.AWAY else ""
        lease_ms = self._draws.pick((0, 0, 0, 1, 20 * self._worlds.pace_ms, 300 * self._worlds.pace_ms))
        return SetPresence(self._agent(), presence, reason, lease_ms, request_id=self._request_id())

    def _heartbeat(self) -> Command:
        names = {self._agent(): None for _ in range(self._draws.between(1, 3))}
        return Heartbeat(tuple(names), request_id=self._request_id())

    def _enqueue(self) -> Command | None:
        draws = self._draws
        if len(self._contacts) > self._crowd and not draws.chance(250):
            return None
        self._numbered += 1
        contact_id = f"c{self._numbered}"
        roll = draws.below(100)
        if roll < 15:
            contact_id = ""
        elif roll < 19 and self._dead:
            contact_id = draws.pick(self._dead)
            contact_id = "" if contact_id.startswith("acd:") else contact_id
        elif roll < 22 and self._contacts:
            contact_id = draws.pick(list(self._contacts))
            contact_id = "" if contact_id.startswith("acd:") else contact_id
        return self._contact_command(contact_id)

    def _contact_command(self, contact_id: str, consults: str = "") -> Command:
        draws = self._draws
        worlds, features = self._worlds, self._worlds.features
        preferred = self._preferred()
        callback_address = "tel:+1" if features.callbacks and draws.chance(120) and not consults else ""
        start_ns, end_ns = features.window_ns(self._now_ns) if callback_address else (0, 0)
        return EnqueueContact(
            contact_id,
            draws.pick(worlds.queues) if draws.chance(990) else "no-such-queue",
            draws.pick(worlds.channels) if draws.chance(990) else "no-such-channel",
            worlds.requirement(),
            worlds.priority(),
            worlds.credit_ms(),
            draws.pick(("", *CUSTOMERS)) if draws.chance(600) else "",
            draws.pick((b"", b"", b"\x00{}\xff")),
            draws.chance(300),
            preferred_agents=preferred,
            preferred_hold_ms=draws.pick((-1, -1, 0, 1, 10 * worlds.pace_ms)) if features.prefers else -1,
            only_preferred=bool(preferred) and draws.chance(250),
            callback_address=callback_address,
            window_start_ns=start_ns,
            window_end_ns=end_ns,
            attempts_max=draws.below(3) if callback_address else 0,
            consults_contact_id=consults,
            skill_weights=features.skill_weights() if draws.chance(50) else (),
            request_id=self._request_id(),
        )

    def _preferred(self) -> tuple[str, ...]:
        if not self._worlds.features.prefers or self._draws.chance(500):
            return ()
        return tuple({self._agent(): None for _ in range(self._draws.between(1, 3))})

    def _accept(self) -> Command | None:
        contact_id = self._in(ContactState.OFFERED)
        if contact_id is None:
            return None
        agent_id, offer_id = self._offer_of(contact_id)
        return AcceptOffer(contact_id, agent_id, offer_id, request_id=self._request_id())

    def _offer_of(self, contact_id: str) -> tuple[str, int]:
        """Whom a live offer is for, now and then somebody else, and its id."""
        offers = self._contacts[contact_id].offers
        offer_id = self._draws.pick(list(offers))
        return self._agent() if self._draws.chance(40) else offers[offer_id], offer_id

    def _decline(self) -> Command | None:
        contact_id = self._in(ContactState.OFFERED)
        if contact_id is None:
            return None
        agent_id, offer_id = self._offer_of(contact_id)
        outcome = self._draws.pick(_OUTCOMES)
        return DeclineOffer(contact_id, agent_id, offer_id, outcome, request_id=self._request_id())

    def _stale_offer(self) -> Command:
        contact_id, agent_id, offer_id = self._draws.pick(self._stale) if self._stale else ("c1", "agent-1", 1)
        if self._draws.chance(150):
            agent_id = self._agent()
        if self._draws.chance(100):
            contact_id = self._contact(ContactState.WAITING)
        if self._draws.chance(100):
            offer_id += 1
        if self._draws.chance(500):
            return AcceptOffer(contact_id, agent_id, offer_id, request_id=self._request_id())
        return DeclineOffer(contact_id, agent_id, offer_id, self._draws.pick(_OUTCOMES))

    def _complete(self) -> Command | None:
        if not self._makes_sense(ContactState.ACTIVE):
            return None
        contact_id = self._contact(ContactState.ACTIVE)
        agent_id = "" if self._draws.chance(900) else self._agent()
        wrap_up_ms = self._draws.pick((-1, -1, -1, 0, 1, 5 * self._worlds.pace_ms))
        known = self._contacts.get(contact_id)
        not_reached = self._draws.chance(500 if known is not None and known.callback else 10)
        return CompleteContact(contact_id, agent_id, wrap_up_ms, not_reached=not_reached, request_id=self._request_id())

    # Out of turn, elsewhere, later

    def _transfer(self) -> Command | None:
        draws = self._draws
        if not self._makes_sense(ContactState.ACTIVE):
            return None
        contact_id = self._contact(ContactState.ACTIVE)
        known = self._contacts.get(contact_id)
        agent_id = known.agent_id if known is not None and known.agent_id and not draws.chance(30) else self._agent()
        request_id = self._request_id()
        about = [other for other, its in self._contacts.items() if its.consults == contact_id]
        if (about and draws.chance(600)) or (self._consultations() and draws.chance(30)):
            consultation = draws.pick(about or self._consultations())
            return TransferContact(contact_id, agent_id, consultation_contact_id=consultation, request_id=request_id)
        if draws.chance(450):
            to_agent_id = self._agent()
            if to_agent_id == agent_id:
                return None
            return TransferContact(contact_id, agent_id, to_agent_id=to_agent_id, request_id=request_id)
        return TransferContact(
            contact_id,
            agent_id,
            queue_id=draws.pick(self._worlds.queues) if draws.chance(970) else "no-such-queue",
            requirement=self._worlds.requirement() if draws.chance(300) else None,
            priority=self._worlds.priority() if draws.chance(200) else None,
            restart_wait=draws.chance(300),
            request_id=request_id,
        )

    def _consultations(self) -> list[str]:
        return [contact_id for contact_id, known in self._contacts.items() if known.consults]

    def _consult(self) -> Command | None:
        if not self._makes_sense(ContactState.ACTIVE):
            return None
        about = self._contact(ContactState.ACTIVE)
        self._numbered += 1
        return self._contact_command(f"c{self._numbered}", about)

    def _pick(self) -> Command | None:
        if not self._makes_sense(ContactState.WAITING):
            return None
        asked_by = self._draws.pick(("", "supervisor"))
        contact_id = self._contact(ContactState.WAITING)
        return PickContact(contact_id, self._agent(), asked_by, request_id=self._request_id())

    def _request_callback(self) -> Command | None:
        states = (ContactState.WAITING, ContactState.WAITING, ContactState.SCHEDULED)
        if not self._makes_sense(*states):
            return None
        contact_id = self._contact(*states)
        start_ns, end_ns = self._worlds.features.window_ns(self._now_ns)
        attempts_max = self._draws.below(4)
        address = self._draws.pick(("tel:+2", "tel:+3"))
        return RequestCallback(contact_id, address, start_ns, end_ns, attempts_max, request_id=self._request_id())

    def _open_or_close(self) -> Command:
        queue_id = self._draws.pick(self._worlds.queues) if self._draws.chance(970) else "no-such-queue"
        kind = OpenQueue if self._draws.chance(550) else CloseQueue
        return kind(queue_id, request_id=self._request_id())

    def _finish(self) -> Command | None:
        if not self._makes_sense(ContactState.WRAP_UP):
            return None
        contact_id = self._contact(ContactState.WRAP_UP)
        known = self._contacts.get(contact_id)
        agent_id = known.agent_id if known is not None and known.agent_id else self._agent()
        if self._draws.chance(300):
            return FinishWrapUp(agent_id, request_id=self._request_id())
        if self._draws.chance(50):
            agent_id = self._agent()
        return FinishWrapUp(agent_id, contact_id, request_id=self._request_id())

    def _update(self) -> Command | None:
        draws = self._draws
        if draws.chance(350):
            return self._hold()
        requirement = self._worlds.requirement() if draws.chance(450) else None
        priority = self._worlds.priority() if draws.chance(300) else None
        credit_ms = self._worlds.credit_ms() if draws.chance(300) else None
        attributes = draws.pick((b"", b"seen")) if draws.chance(150) else None
        preferred = None
        if self._worlds.features.prefers and draws.chance(250):
            preferred = self._preferred()
        if requirement is None and priority is None and credit_ms is None and attributes is None and preferred is None:
            return None
        if not self._makes_sense(ContactState.WAITING, ContactState.OFFERED):
            return None
        return UpdateContact(
            self._contact(ContactState.WAITING, ContactState.OFFERED),
            requirement=requirement,
            priority=priority,
            credit_ms=credit_ms,
            attributes=attributes,
            held=draws.chance(500) if draws.chance(30) else None,
            preferred_agents=preferred,
            only_preferred=bool(preferred) and draws.chance(250),
            request_id=self._request_id(),
        )

    def _hold(self) -> Command | None:
        if not self._makes_sense(ContactState.ACTIVE):
            return None
        contact_id = self._contact(ContactState.ACTIVE)
        known = self._contacts.get(contact_id)
        held = not (known is not None and known.held) if self._draws.chance(850) else self._draws.chance(500)
        attributes = b"on hold" if self._draws.chance(100) else None
        return UpdateContact(contact_id, held=held, attributes=attributes, request_id=self._request_id())

    def _cancel(self) -> Command | None:
        states = (ContactState.WAITING, ContactState.OFFERED, ContactState.SCHEDULED)
        if not self._makes_sense(*states):
            return None
        contact_id = self._contact(*states)
        return CancelContact(contact_id, self._draws.chance(700), request_id=self._request_id())

    def _detach(self) -> Command | None:
        if not self._makes_sense(ContactState.WAITING, ContactState.OFFERED):
            return None
        return DetachContact(self._contact(ContactState.WAITING, ContactState.OFFERED), request_id=self._request_id())

    def _attach(self) -> Command:
        return AttachContact(self._contact(*ContactState), request_id=self._request_id())

    def _repeat(self) -> Command | None:
        """An earlier request's id, with the same content or with other content."""
        if not self._requests:
            return None
        earlier = self._draws.pick(self._requests)
        if self._draws.chance(700):
            return earlier
        return CancelContact(self._contact(ContactState.WAITING), request_id=earlier.request_id)


class RecoveringAdversary(Adversary):
    """As the plain one, before a service whose engine fails on a timer now and then: that contact or agent is set
    aside. Now and then a customer is forgotten.
    """

    def _weights(self) -> tuple[tuple[Callable[[], Command | None], int], ...]:
        added = (self._set_contact_aside, 2), (self._set_agent_aside, 1), (self._forget_customer, 2)
        return *super()._weights(), *added

    def _forget_customer(self) -> Command | None:
        """One of whom there is something, or nothing; some of its contacts may be named, live, over or unheard of."""
        draws = self._draws
        customer_id = draws.pick((*CUSTOMERS, "nobody"))
        over = tuple(dict.fromkeys(draws.pick(self._dead or ["gone"]) for _ in range(draws.below(3))))
        return ForgetCustomer(customer_id, over, request_id=self._request_id())

    def _set_contact_aside(self) -> Command | None:
        draws = self._draws
        states = (ContactState.WAITING, ContactState.OFFERED, ContactState.ACTIVE, ContactState.WRAP_UP)
        return SetContactAside(self._contact(draws.pick((*states, ContactState.SCHEDULED))))

    def _set_agent_aside(self) -> Command:
        return SetAgentAside(self._agent())
