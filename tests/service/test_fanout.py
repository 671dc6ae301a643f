"""The fan-out alone: what watchers are handed, and what bounds them."""

import asyncio
from types import SimpleNamespace

import pytest

from acd_core.enums import EventType
from acd_core.events import Event
from acd_service.config import Config
from acd_service.fanout import EventFilter, Fanout
from acd_service.journal import TENANT_DEFAULT, EventRecord
from acd_service.seat import Released
from acd_service.service_error import EventSeqAhead, ReaderTooSlow, Stopping


def event(number, kind=EventType.CONTACT_HELD, contact_id="c", agent_id="a", size=1):
    return Released(Event(kind, number, number, number, contact_id=contact_id, agent_id=agent_id), bytes(size))


@pytest.fixture
def fanout(tmp_path):
    config = Config(data_dir=tmp_path, watch_updates_max=3, recent_events_max=8, recent_bytes_max=100)
    return Fanout(TENANT_DEFAULT, None, config, last_event_seq=0, readers=None)


def numbers(updates):
    return [update.event.event_seq for update in updates]


def test_a_watcher_is_handed_its_own_events_once_each(fanout):
    async def scenario():
        contact, agent = fanout.watch_contact("c"), fanout.watch_agent("a", holding=["c"])
        fanout.publish([event(1), event(2, contact_id="d"), event(3, agent_id="b")])
        assert numbers(await contact.take()) == [1, 3]
        assert numbers(await agent.take()) == [1, 2, 3]

    asyncio.run(scenario())


def test_an_agents_watcher_follows_contacts_while_it_holds_them(fanout):
    async def scenario():
        agent = fanout.watch_agent("a")
        other = {"agent_id": ""}
        fanout.publish([event(1, EventType.CONTACT_UPDATED, **other)])
        fanout.publish([event(2, EventType.OFFER_MADE), event(3, EventType.CONTACT_UPDATED, **other)])
        assert numbers(await agent.take()) == [2, 3]
        fanout.publish([event(4, EventType.OFFER_ENDED), event(5, EventType.CONTACT_UPDATED, **other)])
        assert numbers(await agent.take()) == [4]
        assert not fanout.contact_is_watched("c"), "a desktop is not the stream of a contact"
        agent.close()

    asyncio.run(scenario())


def test_a_reader_that_leaves_too_much_lying_is_ended(fanout):
    async def scenario():
        watcher = fanout.watch_contact("c")
        for number in range(1, 6):
            fanout.publish([event(number)])
        assert numbers(await watcher.take()) == [1, 2, 3]
        with pytest.raises(ReaderTooSlow):
            await watcher.take()

    asyncio.run(scenario())


def test_closed_watchers_leave_nothing_behind(fanout):
    async def scenario():
        first, second = fanout.watch_contact("c"), fanout.watch_contact("c")
        first.close()
        assert fanout.contact_is_watched("c")
        second.close()
        assert not fanout.contact_is_watched("c")

    asyncio.run(scenario())


def test_what_is_kept_in_memory_is_bounded_by_number_and_bytes(fanout):
    async def scenario():
        for number in range(1, 101):
            fanout.publish([event(number)])
        assert len(fanout._recent) <= 8
        for number in range(101, 121):
            fanout.publish([event(number, size=60)])
        assert len(fanout._recent) == 1
        assert fanout.next_event_seq == 121

    asyncio.run(scenario())


def test_the_future_cannot_be_followed(fanout):
    async def scenario():
        with pytest.raises(EventSeqAhead):
            await anext(fanout.follow(2, EventFilter()))

    asyncio.run(scenario())


def test_a_follower_is_given_everything_before_the_end(fanout):
    async def scenario():
        fanout.publish([event(1), event(2)])
        fanout.stop()
        stream = fanout.follow(1, EventFilter())
        assert (await anext(stream)).next_event_seq == 3
        with pytest.raises(Stopping):
            await anext(stream)

    asyncio.run(scenario())


class Journal:
    """Holds events up to one, maybe more than are released."""

    def __init__(self, last):
        self.last = last

    def extent(self, tenant):
        return SimpleNamespace(oldest_event_seq=1 if self.last else 0)

    def read_events(self, tenant, from_event_seq, *, events_max, bytes_max):
        last = min(self.last, from_event_seq + events_max - 1)
        return [EventRecord(tenant, number, number, b"x") for number in range(from_event_seq, last + 1)]


class Readers:
    """Reads at once."""

    async def run(self, read):
        return read()


@pytest.fixture
def lagging(tmp_path):
    """Eight events are released, of which none is in memory any more; the journal is ahead."""
    return Fanout(TENANT_DEFAULT, Journal(12), Config(data_dir=tmp_path), last_event_seq=8, readers=Readers())


def test_what_is_not_released_is_not_told_though_the_journal_has_it(lagging):
    async def scenario():
        stream = lagging.follow(5, EventFilter())
        chunk = await anext(stream)
        assert (len(chunk.contents), chunk.next_event_seq) == (4, 9)
        await stream.aclose()
        # Whoever comes back at once is not told that there is no such event.
        again = asyncio.ensure_future(anext(lagging.follow(chunk.next_event_seq, EventFilter())))
        await asyncio.sleep(0)
        assert not again.done()
        again.cancel()

    asyncio.run(scenario())


def test_streams_of_a_tenant_that_is_suspended_end_at_once(lagging):
    async def scenario():
        stream = lagging.follow(5, EventFilter())
        lagging.stop(at_once=True)
        with pytest.raises(Stopping):
            await anext(stream)

    asyncio.run(scenario())


def test_a_stream_that_catches_up_ends_when_the_tenant_is_removed(lagging):
    async def scenario():
        stream = lagging.follow(5, EventFilter())
        lagging.stop()
        lagging._journal.last = 0
        with pytest.raises(Stopping):
            await anext(stream)

    asyncio.run(scenario())
