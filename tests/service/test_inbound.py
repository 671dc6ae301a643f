"""Room for what waits: in order while there is little, in turn when there is much, and left for others always."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd_service.inbound import Inbound
from acd_service.service_error import Overloaded


@dataclass
class Item:
    tenant: str
    sender: str
    number: int
    commands: int = 1
    arrival: int = 0

    def __len__(self):
        return self.commands


def fill(inbound, tenant, sender, most, commands=1):
    """Put in as many as there is room for."""
    for number in range(most):
        try:
            inbound.check_room(tenant, sender, commands)
        except Overloaded:
            return number
        inbound.put(Item(tenant, sender, number, commands))
    return most


def test_what_fits_goes_in_the_order_in_which_it_came():
    inbound = Inbound(100)
    items = [Item(*who, number) for number, who in enumerate([("t", "a"), ("u", "b"), ("t", "c"), ("t", "a")])]
    for item in items:
        inbound.put(item)
    assert len(inbound) == inbound.commands == 4
    assert inbound.take(4) == items
    assert len(inbound) == inbound.commands == 0
    assert inbound.take(4) == []


def test_a_greedy_sender_does_not_go_before_others():
    inbound = Inbound(1_000)
    assert fill(inbound, "t", "greedy", 500) == 500
    fill(inbound, "t", "modest", 3)
    batch = inbound.take(6)
    assert [item.sender for item in batch] == ["greedy", "modest"] * 3
    assert [item.number for item in batch if item.sender == "greedy"] == [0, 1, 2]


def test_tenants_take_turns_however_many_senders_each_has():
    inbound = Inbound(1_000)
    for sender in "abcdefgh":
        fill(inbound, "many", sender, 50)
    fill(inbound, "one", "x", 50)
    batch = inbound.take(40)
    assert sum(item.tenant == "one" for item in batch) == 20
    assert {item.sender for item in batch if item.tenant == "many"} == set("abcdefgh")


@pytest.mark.parametrize("newcomer", [("t", "other"), ("u", "greedy")])
def test_a_greedy_sender_leaves_room(newcomer):
    inbound = Inbound(1_000)
    held = fill(inbound, "t", "greedy", 10_000)
    assert 700 <= held < 800
    with pytest.raises(Overloaded) as refused:
        inbound.check_room("t", "greedy", 1)
    assert refused.value.retry_after_ms > 0
    assert fill(inbound, *newcomer, 10) == 10


def test_several_greedy_senders_leave_room_too():
    inbound = Inbound(1_000)
    for number in range(4):
        fill(inbound, "t", f"greedy{number}", 10_000)
    assert fill(inbound, "t", "modest", 1) == 1
    assert inbound.commands <= 1_000


def test_the_room_is_never_overfull_but_one_batch_always_fits():
    inbound = Inbound(10)
    inbound.check_room("t", "a", 4_096)
    inbound.put(Item("t", "a", 0, 4_096))
    with pytest.raises(Overloaded):
        inbound.check_room("u", "b", 1)
    assert len(inbound.take(100)) == 1


def test_a_batch_stays_together():
    inbound = Inbound(1_000)
    fill(inbound, "t", "a", 3, commands=10)
    fill(inbound, "t", "b", 20)
    assert [len(item) for item in inbound.take(12)] == [10, 1]
    assert [len(item) for item in inbound.take(5)] == [10]
    assert inbound.commands == 29


@given(
    st.lists(st.tuples(st.sampled_from("tuv"), st.sampled_from("abc"), st.integers(1, 5)), max_size=60),
    st.lists(st.integers(1, 20), min_size=1, max_size=60),
)
def test_nothing_is_lost_and_each_sender_keeps_its_order(puts, takes):
    inbound = Inbound(10_000)
    for number, (tenant, sender, commands) in enumerate(puts):
        inbound.put(Item(tenant, sender, number, commands))
    taken = []
    for most in [*takes, 10_000]:
        batch = inbound.take(most)
        assert sum(map(len, batch)) <= max(most, 5)
        taken += batch
    assert inbound.commands == len(inbound) == 0
    assert sorted(item.number for item in taken) == list(range(len(puts)))
    for who in {(item.tenant, item.sender) for item in taken}:
        numbers = [item.number for item in taken if (item.tenant, item.sender) == who]
        assert numbers == sorted(numbers)
