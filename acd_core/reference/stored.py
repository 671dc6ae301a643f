"""The state as canonical bytes and back (`acd_core.snapshot` has the format), and as views."""

from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

from acd_core import snapshot
from acd_core.enums import ContactState, EndCause, OfferOutcome, Presence, TimerKind
from acd_core.policy import Policy, SkillWeight
from acd_core.reference.judging import Judging
from acd_core.reference.records import (
    Agent,
    Contact,
    EndedOffer,
    Exclusion,
    Judged,
    Offer,
    QueueFigures,
    Remembered,
    Score,
    Served,
    Timer,
)
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_core.snapshot import BEHAVIOUR_VERSION, BadSnapshot
from acd_core.views import AgentCounts, AgentView, ContactView, Counts, Line

V = TypeVar("V", AgentView, ContactView)

COUNTERS = (
    "now_ns", "seq", "event_seq", "event_hash", "random_state", "agents_created", "contacts_created",
    "segments_opened", "offers_made",
    "timers_armed", "policy_version",
)  # fmt: skip
"""Fields of the snapshot that the engine has under the same name."""


class Stored(Judging):
    # Out

    def snapshot(self) -> bytes:
        """Canonical bytes of the state: equal in every implementation for the same commands."""
        state: dict[str, Any] = {name: getattr(self, name) for name in COUNTERS}
        state["behaviour_version"] = BEHAVIOUR_VERSION
        causes = [cause for cause in EndCause if cause is not EndCause.SET_ASIDE or self.closed[cause]]
        state["closed"] = [{"count": self.closed[cause]} for cause in causes]
        state["policy"] = self.policy.to_bytes()
        state["agents"] = [agent_record(agent) for agent in self.agents_by_ordinal.values()]
        state["contacts"] = [contact_record(contact) for contact in self.contacts_by_ordinal.values()]
        state["closed_queues"] = [{"queue_id": queue_id} for queue_id in sorted(self.closed_queues, key=str.encode)]
        state["queues"] = [
            figures_record(queue_id, self.figures[queue_id]) for queue_id in sorted(self.figures, key=str.encode)
        ]
        state["served"] = [{"customer_id": customer_id, **of._asdict()} for customer_id, of in self.served.items()]
        state["timers"] = [timer._asdict() for timer in sorted(self.timers, key=lambda t: (t.due_ns, t.ordinal))]
        state["requests"] = [
            {"request_id": request_id, **remembered._asdict()} for request_id, remembered in self.requests.items()
        ]
        return snapshot.encode(state)

    def write_snapshot(self, sink: Callable[[bytes], object]) -> None:
        sink(self.snapshot())

    def state_digest(self) -> str:
        return snapshot.digest_of(self.snapshot())

    # In

    @classmethod
    def restore(cls, data: bytes) -> Self:
        """The engine whose snapshot this is.

        Raises:
            BadSnapshot: it cannot be read.
        """
        state = snapshot.decode(data)
        engine = cls()
        try:
            engine.load(state)
        except (ValueError, KeyError, TypeError, Refused) as error:
            raise BadSnapshot(f"the state contradicts itself: {error!r}") from error
        return engine

    @classmethod
    def restore_from(cls, file: Any, size: int) -> Self:
        """As `restore`, from the next `size` bytes of a file that has `readinto`."""
        data = bytearray(size)
        at = 0
        while at < size:
            count = file.readinto(memoryview(data)[at:])
            if not count:
                raise BadSnapshot(f"cut short: the file ends {size - at} bytes early")
            at += count
        return cls.restore(bytes(data))

    def load(self, state: dict[str, Any]) -> None:
        """Take over a decoded state; this engine is new."""
        for name in COUNTERS:
            setattr(self, name, state[name])
        counts = [record["count"] for record in state["closed"]]
        if len(counts) not in (EndCause.LOST, EndCause.SET_ASIDE) or (
            len(counts) == EndCause.SET_ASIDE and not counts[-1]
        ):
            raise ValueError("another number of causes")
        self.closed |= zip(EndCause, counts, strict=False)
        self.adopt_policy(Policy.from_bytes(state["policy"]))
        self.closed_queues = {record["queue_id"] for record in state["closed_queues"]}
        self.figures = {record["queue_id"]: figures_from(record) for record in state["queues"]}
        self.served = {
            record["customer_id"]: Served(record["agent_ordinal"], record["at_ns"]) for record in state["served"]
        }
        for record in state["agents"]:
            agent = agent_from(record)
            self.agents_by_ordinal[agent.ordinal] = agent
            self.agents_by_id[agent.spec.agent_id] = agent
        for record in state["contacts"]:
            contact = contact_from(record)
            self.contacts_by_ordinal[contact.ordinal] = contact
            self.contacts_by_id[contact.contact_id] = contact
            if record["agent_ordinal"] != -1:
                contact.agent = self.agents_by_ordinal[record["agent_ordinal"]]
                contact.agent.take(contact)
            for offer in record["offers"]:
                self.load_offer(contact, offer)
        for record in state["timers"]:
            self.put_timer(Timer(**{**record, "kind": TimerKind(record["kind"])}))
        for record in state["requests"]:
            request_id = record.pop("request_id")
            self.requests[request_id] = Remembered(**record)
        self.skills_seen = self.skills_in_use()

    def load_offer(self, contact: Contact, record: dict[str, Any]) -> None:
        agent = self.agents_by_ordinal[record["agent_ordinal"]]
        offer = Offer(
            record["offer_id"], agent, record["expires_ns"], bool(record["second"]), bool(record["broadcast"])
        )
        contact.offers.append(offer)
        agent.take(contact)

    # Views

    def contact(self, contact_id: str) -> ContactView | None:
        contact = self.contacts_by_id.get(contact_id)
        return None if contact is None else self.contact_view(contact)

    def contacts(self) -> Iterator[ContactView]:
        """Live contacts, in order of creation."""
        return (self.contact_view(contact) for contact in list(self.contacts_by_ordinal.values()))

    def agent(self, agent_id: str) -> AgentView | None:
        agent = self.agents_by_id.get(agent_id)
        return None if agent is None else self.agent_view(agent)

    def agents(self) -> Iterator[AgentView]:
        """Agents, leaving ones among them, in order of creation."""
        return (self.agent_view(agent) for agent in list(self.agents_by_ordinal.values()))

    def contacts_from(
        self,
        ordinal: int,
        place: int,  # noqa: ARG002
        count: int,
        looks_max: int,
        queue_id: str = "",
        states: int = -1,
        agent_id: str = "",
    ) -> tuple[tuple[ContactView, ...], int, int]:
        """A page of live contacts; see the compiled engine. It finds its place by the ordinal alone."""
        later = (self.contact_view(self.contacts_by_ordinal[n]) for n in self.contacts_by_ordinal if n >= ordinal)
        return page_of(
            later,
            count,
            looks_max,
            lambda view: (
                (not queue_id or view.queue_id == queue_id)
                and bool(states >> view.state & 1)
                and (not agent_id or view.agent_id == agent_id)
            ),
        )

    def agents_from(
        self,
        ordinal: int,
        place: int,  # noqa: ARG002
        count: int,
        looks_max: int,
        queue_id: str = "",
        presences: int = -1,
    ) -> tuple[tuple[AgentView, ...], int, int]:
        """A page of agents; see the compiled engine. It finds its place by the ordinal alone."""
        later = (self.agent_view(self.agents_by_ordinal[n]) for n in self.agents_by_ordinal if n >= ordinal)
        return page_of(
            later,
            count,
            looks_max,
            lambda view: (
                bool(presences >> view.presence & 1)
                and (not queue_id or any(m.queue_id == queue_id for m in view.spec.memberships))
            ),
        )

    def counts(self) -> Counts:
        states = [contact.state for contact in self.contacts_by_ordinal.values()]
        agents = list(self.agents_by_ordinal.values())
        return Counts(
            agents=len(agents),
            agents_ready=sum(agent.presence is Presence.READY for agent in agents),
            waiting=states.count(ContactState.WAITING),
            offered=states.count(ContactState.OFFERED),
            active=states.count(ContactState.ACTIVE),
            wrap_up=states.count(ContactState.WRAP_UP),
            scheduled=states.count(ContactState.SCHEDULED),
            opened=self.segments_opened,
            closed=tuple(self.closed[cause] for cause in EndCause),
        )

    def lines(self) -> tuple[Line, ...]:
        lines: dict[tuple[str, str], Line] = {}
        for contact in self.contacts_by_ordinal.values():
            if contact.state not in (ContactState.WAITING, ContactState.OFFERED):
                continue
            key = (contact.queue_id, contact.channel_id)
            line = lines.get(key) or Line(*key, 0, 0, contact.opened_ns)
            lines[key] = line._replace(
                waiting=line.waiting + (contact.state is ContactState.WAITING),
                offered=line.offered + (contact.state is ContactState.OFFERED),
                since_ns=min(line.since_ns, contact.opened_ns),
            )
        return tuple(sorted(lines.values()))

    def contact_states(self) -> tuple[dict[str, int], dict[str, int]]:
        contacts = self.contacts_by_ordinal.values()
        offered = {
            contact.contact_id: len(contact.offers) for contact in contacts if contact.state is ContactState.OFFERED
        }
        return {contact.contact_id: int(contact.state) for contact in contacts}, offered

    def agent_counts(self) -> AgentCounts:
        agents = list(self.agents_by_ordinal.values())

        def count(presence: Presence) -> int:
            return sum(agent.presence is presence for agent in agents)

        def busy(presence: Presence) -> int:
            return sum(agent.presence is presence and bool(agent.holding) for agent in agents)

        presences = (Presence.OFFLINE, Presence.READY, Presence.AWAY)
        return AgentCounts(*map(count, presences), *map(busy, presences))

    def agent_view(self, agent: Agent) -> AgentView:
        return AgentView(
            spec=agent.spec,
            ordinal=agent.ordinal,
            presence=int(agent.presence),
            reason=agent.reason,
            idle_since_ns=agent.idle_since_ns,
            delayed_until_ns=agent.delayed_until_ns,
            lease_ms=agent.lease_ms,
            leaving=agent.leaving,
            used=self.used(agent),
            contact_ids=tuple(contact.contact_id for contact in agent.held_in(*ContactState)),
            contacts_begun=agent.contacts_begun,
            talk_ns=agent.talk_ns,
        )

    def contact_view(self, contact: Contact) -> ContactView:
        offer = contact.offers[0] if contact.offers else None
        agent = contact.agent if offer is None else offer.agent
        reserved_for = (self.agents_by_ordinal.get(ordinal) for ordinal in contact.reserved_for)
        return ContactView(
            contact_id=contact.contact_id,
            ordinal=contact.ordinal,
            queue_id=contact.queue_id,
            channel_id=contact.channel_id,
            requirement=contact.requirement_now,
            priority=contact.priority_now,
            credit_ms=contact.credit_now_ms,
            customer_id=contact.customer_id,
            attributes=contact.attributes,
            state=int(contact.state),
            state_since_ns=contact.state_since_ns,
            arrived_ns=contact.arrived_ns,
            agent_id="" if agent is None else agent.spec.agent_id,
            offer_id=contact.offer_id if offer is None else offer.offer_id,
            offer_expires_ns=0 if offer is None else offer.expires_ns,
            accepted_ns=contact.accepted_ns,
            held=contact.held,
            attached=contact.attached,
            second_queue_id=contact.second_queue_id,
            opened_ns=contact.opened_ns,
            preferred_agents=contact.preferred_agents,
            preferred_hold_ms=contact.preferred_hold_ms,
            only_preferred=contact.only_preferred,
            reserved_for=tuple(agent.spec.agent_id for agent in reserved_for if agent is not None),
            callback_address=contact.callback_address,
            window_start_ns=contact.window_start_ns,
            window_end_ns=contact.window_end_ns,
            attempts_max=contact.attempts_max,
            attempts=contact.attempts,
            consults_contact_id=contact.consults_contact_id,
            plan_steps_taken=len(contact.steps_taken),
            skill_weights=contact.skill_weights,
        )


def agent_record(agent: Agent) -> dict[str, Any]:
    return {
        "ordinal": agent.ordinal,
        "agent_id": agent.spec.agent_id,
        "display_name": agent.spec.display_name,
        "skills": [skill._asdict() for skill in agent.spec.skills],
        "capacity": agent.spec.capacity,
        "channel_maxima": [maximum._asdict() for maximum in agent.spec.channel_maxima],
        "memberships": [member._asdict() for member in agent.spec.memberships],
        "leaving": agent.leaving,
        "presence": agent.presence,
        "reason": agent.reason,
        "idle_since_ns": agent.idle_since_ns,
        "last_offer_id": agent.last_offer_id,
        "misses_in_row": agent.misses_in_row,
        "lease_ms": agent.lease_ms,
        "delayed_until_ns": agent.delayed_until_ns,
        "weight": agent.spec.weight,
        "contacts_begun": agent.contacts_begun,
        "talk_ns": agent.talk_ns,
        "occupancy_key": agent.occupancy_key,
        "occupancy_at_ns": agent.occupancy_at_ns,
    }


def agent_from(record: dict[str, Any]) -> Agent:
    spec = AgentSpec(
        agent_id=record["agent_id"],
        skills=tuple(SkillLevel(**skill) for skill in record["skills"]),
        capacity=record["capacity"],
        channel_maxima=tuple(ChannelMaximum(**maximum) for maximum in record["channel_maxima"]),
        memberships=tuple(QueueMembership(**member) for member in record["memberships"]),
        display_name=record["display_name"],
        weight=record["weight"],
    )
    return Agent(
        ordinal=record["ordinal"],
        spec=spec,
        leaving=bool(record["leaving"]),
        presence=Presence(record["presence"]),
        reason=record["reason"],
        idle_since_ns=record["idle_since_ns"],
        last_offer_id=record["last_offer_id"],
        misses_in_row=record["misses_in_row"],
        lease_ms=record["lease_ms"],
        delayed_until_ns=record["delayed_until_ns"],
        contacts_begun=record["contacts_begun"],
        talk_ns=record["talk_ns"],
        occupancy_key=record["occupancy_key"],
        occupancy_at_ns=record["occupancy_at_ns"],
    )


SAME_IN_CONTACT = (
    "ordinal", "contact_id", "queue_id", "channel_id", "requirement", "priority", "credit_ms", "customer_id",
    "attributes", "content_word", "arrived_ns", "state_since_ns", "offer_id", "accepted_ns", "second_queue_id",
    "requirement_now", "priority_now", "credit_now_ms", "raised_tier", "next_step", "preferred_hold_ms", "opened_ns",
    "plan_from_ns", "callback_address", "window_start_ns", "window_end_ns", "attempts_max", "attempts",
    "consults_ordinal", "consults_contact_id", "asked_by_ordinal", "predicted_at_ns", "predicted_queue_length_ns",
    "predicted_last_waits_ns",
)  # fmt: skip
"""Fields of a contact's record that the contact has under the same name and type."""


def contact_record(contact: Contact) -> dict[str, Any]:
    return {
        **{name: getattr(contact, name) for name in SAME_IN_CONTACT},
        "state": contact.state,
        "agent_ordinal": -1 if contact.agent is None else contact.agent.ordinal,
        "held": contact.held,
        "attached": contact.attached,
        "only_preferred": contact.only_preferred,
        "offers": [
            {
                "offer_id": offer.offer_id,
                "agent_ordinal": offer.agent.ordinal,
                "expires_ns": offer.expires_ns,
                "second": offer.second,
                "broadcast": offer.broadcast,
            }
            for offer in contact.offers
        ],
        "ended_offers": [ended._asdict() for ended in contact.ended_offers],
        "exclusions": [exclusion._asdict() for exclusion in contact.exclusions],
        "steps_taken": [{"step": step} for step in contact.steps_taken],
        "judged": [judged._asdict() for judged in contact.judged],
        "skill_weights": [weight._asdict() for weight in contact.skill_weights],
        "preferred_agents": [{"agent_id": agent_id} for agent_id in contact.preferred_agents],
        "preferred": [{"ordinal": ordinal} for ordinal in contact.preferred],
        "reserved_for": [{"ordinal": ordinal} for ordinal in contact.reserved_for],
    }


def contact_from(record: dict[str, Any]) -> Contact:
    """The contact, still without its agent and its offers."""
    return Contact(
        **{name: record[name] for name in SAME_IN_CONTACT},
        state=ContactState(record["state"]),
        held=bool(record["held"]),
        attached=bool(record["attached"]),
        only_preferred=bool(record["only_preferred"]),
        ended_offers=[
            EndedOffer(ended["offer_id"], ended["agent_ordinal"], OfferOutcome(ended["outcome"]))
            for ended in record["ended_offers"]
        ],
        exclusions=[Exclusion(**exclusion) for exclusion in record["exclusions"]],
        steps_taken=[taken["step"] for taken in record["steps_taken"]],
        judged=[Judged(judged["word"], bool(judged["taken"])) for judged in record["judged"]],
        skill_weights=tuple(SkillWeight(**weight) for weight in record["skill_weights"]),
        preferred_agents=tuple(named["agent_id"] for named in record["preferred_agents"]),
        preferred=[agent["ordinal"] for agent in record["preferred"]],
        reserved_for=[agent["ordinal"] for agent in record["reserved_for"]],
    )


def figures_record(queue_id: str, figures: QueueFigures) -> dict[str, Any]:
    return {
        "queue_id": queue_id,
        "served": figures.served,
        "service_us": figures.service_us,
        "last_wait_ns": figures.last_wait_ns,
        "queue_length_scored": figures.queue_length.scored,
        "queue_length_error": figures.queue_length.error,
        "last_waits_scored": figures.last_waits.scored,
        "last_waits_error": figures.last_waits.error,
    }


def figures_from(record: dict[str, Any]) -> QueueFigures:
    return QueueFigures(
        record["served"],
        record["service_us"],
        record["last_wait_ns"],
        Score(record["queue_length_scored"], record["queue_length_error"]),
        Score(record["last_waits_scored"], record["last_waits_error"]),
    )


def page_of(
    later: Iterator[V], count: int, looks_max: int, wanted: Callable[[V], bool]
) -> tuple[tuple[V, ...], int, int]:
    """The first `count` of what is wanted among the first `looks_max`, and the ordinal after them, or -1."""
    views: list[V] = []
    for looks, view in enumerate(later):
        if looks == looks_max or (len(views) == count and wanted(view)):
            return tuple(views), view.ordinal, -1
        if wanted(view):
            views.append(view)
    return tuple(views), -1, -1
