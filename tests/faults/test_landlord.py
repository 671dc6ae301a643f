"""What is known of a tenant that comes and goes: no more than was seen."""

from collections import defaultdict
from types import SimpleNamespace

import pytest
from faults.landlord import GONE, OPEN, SUSPENDED, Register
from faults.ledger import Broken

from acd_service.journal import JournalDamaged


class _Journal:
    """Of one tenant."""

    def __init__(self, last_seq):
        self.last_seq = last_seq
        self.fails = False

    def extent(self, _name):
        if self.fails:
            raise JournalDamaged("the disk does not answer")
        return SimpleNamespace(last_seq=self.last_seq)

    def tenants(self):
        return ["guest"]


def life_of(last_seq, *, is_suspended=True):
    hosted = SimpleNamespace(name="guest", is_suspended=is_suspended)
    return SimpleNamespace(
        journal=_Journal(last_seq), ledgers=defaultdict(dict), hosting=SimpleNamespace(list=lambda: [hosted])
    )


def suspended_at(last_seq):
    register = Register("guest", stands=SUSPENDED)
    register.settle(life_of(last_seq), SUSPENDED)
    return register


def test_a_command_for_a_suspended_tenant_is_seen():
    with pytest.raises(Broken, match="commands were done for it"):
        suspended_at(7).look(life_of(8))


def test_a_disk_that_does_not_tell_how_far_a_tenant_went_says_nothing_about_it():
    register, life = suspended_at(7), life_of(9)
    register.may_be = {OPEN, SUSPENDED}  # it was resumed, and its suspension is being answered
    life.journal.fails = True
    with pytest.raises(JournalDamaged):
        register.settle(life, SUSPENDED)
    assert register.may_be == {OPEN, SUSPENDED}
    register.look(life_of(9))
    assert register.may_be == {SUSPENDED}
    with pytest.raises(Broken, match="commands were done for it"):
        register.look(life_of(10))


def test_a_tenant_that_is_removed_and_kept_is_seen():
    register = Register("guest", stands=GONE)
    with pytest.raises(Broken, match="is in the journal"):
        register.settle(life_of(1), GONE)
