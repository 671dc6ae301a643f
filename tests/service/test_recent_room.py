"""Recent events of all tenants have one room: whoever takes the most of it forgets first, and loses nothing by it."""

import pytest

from acd_core.enums import EventType
from acd_core.events import Event
from acd_service import codec
from acd_service.config import Config
from acd_service.fanout import Fanout
from acd_service.recent_room import RecentRoom
from acd_service.seat import Released


@pytest.fixture
def room():
    return RecentRoom(8_000)


@pytest.fixture
def fanout_of(tmp_path, room):
    def make(name):
        return Fanout(name, None, Config(data_dir=tmp_path), 0, None, room)

    return make


def publish(fanout, count):
    for _ in range(count):
        event = Event(EventType.CONTACT_ATTACHED, fanout.next_event_seq, 1, 1, contact_id="c" * 80)
        fanout.publish([Released(event, codec.encode_event(event), "")])


def test_the_sum_is_bounded_and_the_one_with_the_most_gives_way(room, fanout_of):
    small, large = fanout_of("small"), fanout_of("large")
    publish(small, 5)
    kept = small.recent_bytes
    for _ in range(100):
        publish(large, 3)
        assert small.recent_bytes + large.recent_bytes == room.held_bytes <= 8_000
    assert small.recent_bytes == kept
    assert large.recent_bytes > 0
    publish(small, 300)
    assert small.recent_bytes + large.recent_bytes == room.held_bytes <= 8_000


def test_what_is_forgotten_is_the_oldest(room, fanout_of):
    fanout = fanout_of("only")
    publish(fanout, 300)
    first = fanout.next_event_seq - len(fanout._recent)
    assert fanout._recent_from == first > 1
    assert [released.event_seq for released in fanout._recent] == list(range(first, 301))


def test_a_tenant_that_is_closed_gives_its_room_back(room, fanout_of):
    fanout, other = fanout_of("gone"), fanout_of("other")
    publish(fanout, 20)
    publish(other, 20)
    fanout.stop()
    assert room.held_bytes == other.recent_bytes


def test_what_is_forgotten_as_a_whole_gives_its_room_back(room, fanout_of):
    erased, other = fanout_of("erased"), fanout_of("other")
    publish(erased, 30)
    erased.forget_recent()
    assert (erased.recent_bytes, room.held_bytes) == (0, 0)
    publish(other, 300)  # who has nothing is not asked to forget some of it, again and again
    publish(erased, 3)
    assert erased.recent_bytes + other.recent_bytes == room.held_bytes <= 8_000
