"""Section 14 of the routing model for decisions of the past: what was so just before a match was made."""

from typing import Any

from acd_core.commands import Command
from acd_core.enums import ChosenBy, MatchCause, ServeRule
from acd_core.reference.engine import ReferenceEngine
from acd_core.reference.records import Agent, Contact, Entry
from acd_core.views import Explanation


class Witness(ReferenceEngine):
    """Looks at a contact and an agent just before the match that makes a given offer."""

    asked_offer_id = 0
    asked_contact_id = ""
    asked_agent_id = ""
    found: Explanation | None = None

    def assign(
        self, contact: Contact, agent: Agent, entry: Entry, chosen_by: ChosenBy, cause: MatchCause, **more: Any
    ) -> None:
        if self.offers_made + 1 == self.asked_offer_id:
            self.found = self.explain_beside(contact, agent)
        super().assign(contact, agent, entry, chosen_by, cause, **more)

    def explain_beside(self, matched: Contact, chosen: Agent) -> Explanation | None:
        """Why the contact and the agent that are asked about are not the pair that is about to be matched."""
        contact = self.contacts_by_id.get(self.asked_contact_id)
        agent = self.agents_by_id.get(self.asked_agent_id)
        if contact is None or agent is None:
            return None
        if contact in agent.holding:
            return Explanation(ServeRule.NONE_FAILS)
        rule = self.first_failing(agent, contact)
        if rule is not ServeRule.NONE_FAILS:
            return Explanation(rule, contact_ahead_id=self.last_matched(agent) if rule is ServeRule.ROOM else "")
        return Explanation(
            rule,
            contact_ahead_id="" if contact is matched else matched.contact_id,
            agent_ahead_id="" if agent is chosen else chosen.spec.agent_id,
        )


def explain_match(
    snapshot: bytes, at_ns: int, command: Command, offer_id: int, contact_id: str, agent_id: str
) -> Explanation | None:
    """Why a decision fell as it did: of a contact and an agent, just before the match that made an offer.

    `snapshot` is the state before `command`, which was taken at `at_ns` and led to the offer. A rule that failed, or,
    where none did, the contact that the offer was about and the agent who got it, as far as they are not the ones asked
    about. None if the command made no such offer, or contact or agent were not there.

    Raises:
        BadSnapshot: the snapshot cannot be read.
        Refused: the command is not taken in this state.
    """
    witness = Witness.restore(snapshot)
    witness.asked_offer_id, witness.asked_contact_id, witness.asked_agent_id = offer_id, contact_id, agent_id
    witness.apply(at_ns, command)
    return witness.found
