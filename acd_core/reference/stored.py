"""The state as canonical bytes and back (`acd_core.snapshot` has the format), and as views."""

from collections.abc import Iterator
from typing import Any, Self

from acd_core import snapshot
from acd_core.enums import ContactState, EndCause, OfferOutcome, Presence, TimerKind
from acd_core.policy import Policy
from acd_core.reference.judging import Judging
from acd_core.reference.records import Agent, Contact, Exclusion, Remembered, Timer
from acd_core.refusal import Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_core.snapshot import BEHAVIOUR_VERSION, BadSnapshot
from acd_core.views import AgentView, ContactView, Counts

COUNTERS = (
    "now_ns", "seq", "event_seq", "event_hash", "random_state", "agents_created", "contacts_created", "offers_made",
    "timers_armed", "policy_version",
)  # fmt: skip
"""Fields of the snapshot that the engine has under the same name."""


class Stored(Judging):
    # Out

    def snapshot(self) -> bytes:
        """Canonical bytes of the state: equal in every implementation for the same commands."""
        state: dict[str, Any] = {name: getattr(self, name) for name in COUNTERS}
        state["behaviour_version"] = BEHAVIOUR_VERSION
        state["closed"] = [{"count": self.closed[cause]} for cause in EndCause]
        state["policy"] = self.policy.to_bytes()
        state["agents"] = [agent_record(agent) for agent in self.agents_by_ordinal.values()]
        state["contacts"] = [contact_record(contact) for contact in self.contacts_by_ordinal.values()]
        state["timers"] = [timer._asdict() for timer in sorted(self.timers, key=lambda t: (t.due_ns, t.ordinal))]
        state["requests"] = [
            {"request_id": request_id, **remembered._asdict()} for request_id, remembered in self.requests.items()
        ]
        return snapshot.encode(state)

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

    def load(self, state: dict[str, Any]) -> None:
        """Take over a decoded state; this engine is new."""
        for name in COUNTERS:
            setattr(self, name, state[name])
        self.closed = {cause: record["count"] for cause, record in zip(EndCause, state["closed"], strict=True)}
        self.adopt_policy(Policy.from_bytes(state["policy"]))
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
        for record in state["timers"]:
            self.put_timer(Timer(**{**record, "kind": TimerKind(record["kind"])}))
        for record in state["requests"]:
            request_id = record.pop("request_id")
            self.requests[request_id] = Remembered(**record)
        self.skills_seen = self.skills_in_use()

    # Views

    def contact(self, contact_id: str) -> ContactView | None:
        contact = self.contacts_by_id.get(contact_id)
        return None if contact is None else contact_view(contact)

    def contacts(self) -> Iterator[ContactView]:
        """Live contacts, in order of creation."""
        return (contact_view(contact) for contact in list(self.contacts_by_ordinal.values()))

    def agent(self, agent_id: str) -> AgentView | None:
        agent = self.agents_by_id.get(agent_id)
        return None if agent is None else self.agent_view(agent)

    def agents(self) -> Iterator[AgentView]:
        """Agents, leaving ones among them, in order of creation."""
        return (self.agent_view(agent) for agent in list(self.agents_by_ordinal.values()))

    def waiting_in(self, queue_id: str) -> int:
        return sum(contact.queue_id == queue_id for contact in self.waiting_contacts())

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
            opened=self.contacts_created,
            closed=tuple(self.closed[cause] for cause in EndCause),
        )

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
        )


def contact_view(contact: Contact) -> ContactView:
    return ContactView(
        contact_id=contact.contact_id,
        ordinal=contact.ordinal,
        queue_id=contact.queue_id,
        channel_id=contact.channel_id,
        requirement=contact.requirement,
        priority=contact.priority,
        credit_ms=contact.credit_ms,
        customer_id=contact.customer_id,
        attributes=contact.attributes,
        state=int(contact.state),
        state_since_ns=contact.state_since_ns,
        arrived_ns=contact.arrived_ns,
        agent_id="" if contact.agent is None else contact.agent.spec.agent_id,
        offer_id=contact.offer_id,
        offer_expires_ns=contact.offer_expires_ns,
        accepted_ns=contact.accepted_ns,
        held=contact.held,
        attached=contact.attached,
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
    }


def agent_from(record: dict[str, Any]) -> Agent:
    spec = AgentSpec(
        agent_id=record["agent_id"],
        skills=tuple(SkillLevel(**skill) for skill in record["skills"]),
        capacity=record["capacity"],
        channel_maxima=tuple(ChannelMaximum(**maximum) for maximum in record["channel_maxima"]),
        memberships=tuple(QueueMembership(**member) for member in record["memberships"]),
        display_name=record["display_name"],
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
    )


SAME_IN_CONTACT = (
    "ordinal", "contact_id", "queue_id", "channel_id", "requirement", "priority", "credit_ms", "customer_id",
    "attributes", "content_word", "arrived_ns", "state_since_ns", "offer_id", "offer_expires_ns", "accepted_ns",
    "last_offer_id", "last_offer_agent_ordinal",
)  # fmt: skip
"""Fields of a contact's record that the contact has under the same name and type."""


def contact_record(contact: Contact) -> dict[str, Any]:
    return {
        **{name: getattr(contact, name) for name in SAME_IN_CONTACT},
        "state": contact.state,
        "agent_ordinal": -1 if contact.agent is None else contact.agent.ordinal,
        "held": contact.held,
        "last_offer_outcome": contact.last_offer_outcome or 0,
        "attached": contact.attached,
        "exclusions": [exclusion._asdict() for exclusion in contact.exclusions],
    }


def contact_from(record: dict[str, Any]) -> Contact:
    """The contact, still without its agent."""
    outcome = record["last_offer_outcome"]
    return Contact(
        **{name: record[name] for name in SAME_IN_CONTACT},
        state=ContactState(record["state"]),
        held=bool(record["held"]),
        last_offer_outcome=OfferOutcome(outcome) if outcome else None,
        attached=bool(record["attached"]),
        exclusions=[Exclusion(**exclusion) for exclusion in record["exclusions"]],
    )
