"""A contact whose customer was looked up: what was sent and what was found, and the command made of the two.

What was found travels in the command, so that replay needs no directory. Whether a request repeats an earlier one is
judged by what was sent, so that a retry gets the same answer even if the directory changed in between.
"""

from typing import Any

from acd_core.commands import EnqueueContact
from acd_core.digest import hash_text, mix_word
from acd_core.limits import PREFERRED_AGENTS_MAX
from acd_core.refusal import Reason, Refused
from acd_core.requirement import And, parse
from acd_service.customers.customer import Customer


class EnqueueKnownContact(EnqueueContact):
    """What the engine takes for an EnqueueContact with the joined values.

    Attributes:
        sent: the command as the caller's request has it.
        address: by which the customer was looked up; empty if it was by id.
        customer: what the directory had; None if it knew nobody.
    """

    sent: EnqueueContact
    address: str
    customer: Customer | None

    def content_word(self) -> int:
        """Of what was sent."""
        word = self.sent.content_word()
        return mix_word(word, hash_text(self.address)) if self.address else word


def with_customer(
    sent: EnqueueContact, address: str, customer: Customer | None, merged_attributes: bytes
) -> EnqueueKnownContact:
    """The command for a contact of a customer.

    Args:
        merged_attributes: those of the customer and of the contact, which win, packed.

    Raises:
        Refused: the values of both together are beyond the bounds.
    """
    values: dict[str, Any] = {name: getattr(sent, name) for name in EnqueueContact.FIELDS}
    if customer is not None:
        values |= {
            "customer_id": customer.customer_id,
            "priority": sent.priority + customer.priority,
            "credit_ms": sent.credit_ms + customer.credit_ms,
            "requirement": _both(sent.requirement, customer.requirement),
            "attributes": merged_attributes,
        } | _preference(sent, customer)
    try:
        command = EnqueueKnownContact(**values, request_id=sent.request_id)
    except Refused as refused:
        if customer is None:
            raise
        text = f'{refused.message} (with what the directory has of customer "{customer.customer_id}")'
        raise Refused(refused.reason, refused.field, text, refused.metadata) from None
    command.sent, command.address, command.customer = sent, address, customer
    return command


def _preference(sent: EnqueueContact, customer: Customer) -> dict[str, Any]:
    """The agents whom the customer prefers come after those whom the contact names, as far as there is room. A contact
    for named agents only is for those alone.
    """
    if not customer.preferred_agent_ids or sent.only_preferred:
        return {}
    named = sent.preferred_agents
    others = tuple(agent_id for agent_id in customer.preferred_agent_ids if agent_id not in named)
    return {"preferred_agents": (named + others)[:PREFERRED_AGENTS_MAX]}


def _both(own: str, customers: str) -> str:
    """A requirement that is met by who meets both."""
    if not own or not customers:
        return own or customers
    try:
        return str(And((parse(own), parse(customers))))
    except Refused as refused:  # both were read before, so this is a bound
        raise Refused(Reason.TOO_LONG, "requirement", refused.message) from None
