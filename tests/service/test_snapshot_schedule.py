"""When snapshots are taken by themselves."""

import asyncio

import pytest

from acd_service.config import Config
from acd_service.snapshot_schedule import SnapshotSchedule


class _TimedLoop(asyncio.SelectorEventLoop):
    """Its time stands still unless it is set."""

    now_s = 1_000.0

    def time(self):
        return self.now_s


class _Schedule(SnapshotSchedule):
    """A snapshot takes three seconds."""

    def __init__(self, loop, tmp_path):
        super().__init__("t", Config(data_dir=tmp_path, snapshot_every_commands=10), None, None, last_seq=0)
        self._loop = loop
        self.taken = []

    async def take(self):
        self._loop.now_s += 3
        self._last_seq = self._seq
        self.taken.append(self._seq)

    async def commit(self, seq):
        self._seq = seq
        self.committed(seq)
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.fixture
def loop():
    loop = _TimedLoop()
    yield loop
    loop.close()


def test_a_snapshot_every_so_many_commands_and_no_more_than_a_fifth_of_the_time(loop, tmp_path):
    async def scenario():
        schedule = _Schedule(loop, tmp_path)
        await schedule.commit(9)
        assert schedule.taken == []
        await schedule.commit(10)
        assert schedule.taken == [10]
        loop.now_s += 11.9
        await schedule.commit(500)
        assert schedule.taken == [10], "it rests four times as long as it took"
        loop.now_s += 0.2
        await schedule.commit(501)
        assert schedule.taken == [10, 501]
        loop.now_s += 100
        await schedule.commit(510)
        assert schedule.taken == [10, 501]

    loop.run_until_complete(scenario())
