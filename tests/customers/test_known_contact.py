"""What a contact's command becomes when its customer was looked up."""

import pytest

from acd_core.commands import EnqueueContact
from acd_core.refusal import Refused
from acd_service.codec import decode_command, encode_command
from acd_service.codec.customers import known_contact
from acd_service.codec.values import packed_attributes, unpacked_attributes
from acd_service.customers.customer import Address, AddressKind, Customer

ACME = Customer(
    "acme", addresses=(Address(AddressKind.HANDLE, "@acme"),), priority=5, credit_ms=60_000,
    requirement="spanish or french", preferred_agent_ids=("ann", "bob"), attributes=(("tier", "gold"), ("crm", "17")),
)  # fmt: skip


def test_both_are_joined_and_the_contacts_own_win():
    own = packed_attributes({"crm": "own", "ivr": "3"})
    sent = EnqueueContact("c", "sales", "chat", "billing", 1, -10, "", own, True, preferred_agents=("cid", "bob"))
    command = known_contact(sent, "@acme", ACME)
    assert (command.priority, command.credit_ms, command.customer_id) == (6, 59_990, "acme")
    assert command.requirement == "billing>=1 and (spanish>=1 or french>=1)"
    assert dict(unpacked_attributes(command.attributes)) == {"crm": "own", "ivr": "3", "tier": "gold"}
    assert command.preferred_agents == ("cid", "bob", "ann")
    assert (command.contact_id, command.queue_id, command.channel_id, command.attached) == ("c", "sales", "chat", True)


def test_a_contact_for_named_agents_only_stays_for_those():
    sent = EnqueueContact("c", "sales", preferred_agents=("cid",), only_preferred=True)
    assert known_contact(sent, "@acme", ACME).preferred_agents == ("cid",)


def test_no_more_agents_than_a_contact_may_name():
    named = tuple(f"agent-{number}" for number in range(15))
    sent = EnqueueContact("c", "sales", preferred_agents=named)
    assert known_contact(sent, "@acme", ACME).preferred_agents == (*named, "ann")


def test_the_content_is_that_of_what_was_sent():
    sent = EnqueueContact("c", "sales", request_id="r")
    by_address = known_contact(sent, "@acme", ACME)
    assert by_address.content_word() == known_contact(sent, "@acme", None).content_word()
    assert by_address.content_word() != sent.content_word()  # the address was sent too
    assert by_address.content_word() != known_contact(sent, "@other", ACME).content_word()
    sent = EnqueueContact("c", "sales", customer_id="acme")
    assert known_contact(sent, "", ACME).content_word() == sent.content_word()


@pytest.mark.parametrize("customer", [ACME, None])
def test_the_journal_keeps_both_and_gives_the_same_command(customer):
    sent = EnqueueContact("c", "sales", requirement="billing", attached=True, request_id="r")
    command = known_contact(sent, "@acme", customer)
    again = decode_command(encode_command(command))
    assert again == command
    assert (again.sent, again.address, again.customer) == (sent, "@acme", customer)
    assert again.content_word() == command.content_word()


def test_beyond_the_bounds_together():
    with pytest.raises(Refused, match='customer "acme"') as raised:
        known_contact(EnqueueContact("c", "sales", priority=999_999), "@acme", ACME)
    assert raised.value.field == "priority"


def test_customers_as_text():
    assert Customer.from_text(ACME.to_text()) == ACME
