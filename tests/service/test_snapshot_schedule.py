"""When snapshots are taken by themselves."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from acd_service.config import Config
from acd_service.snapshot_schedule import SnapshotSchedule, SnapshotsStopped


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


def _snapshotters():
    """Processes of ours that take snapshots."""
    lines = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                lines.append(path.joinpath("cmdline").read_bytes())
    return [line for line in lines if b"acd_service.snapshotter" in line]


def test_when_it_has_stopped_nobody_takes_a_snapshot_any_more(tmp_path):
    """The snapshotter would wait for ever: the journal that it is to read is a pipe that nobody writes."""
    os.mkfifo(tmp_path / "journal.sqlite")
    mine = str(tmp_path).encode()

    async def scenario():
        schedule = SnapshotSchedule("t", Config(data_dir=tmp_path), None, None, last_seq=0)
        asked = [asyncio.create_task(schedule.take()) for _ in range(2)]
        while not any(mine in line for line in _snapshotters()):
            await asyncio.sleep(0.01)
        await schedule.stop()
        assert not any(mine in line for line in _snapshotters())
        for one in asked:
            with pytest.raises(SnapshotsStopped):
                await one
        with pytest.raises(SnapshotsStopped):
            await schedule.take()

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_who_goes_away_meanwhile_takes_the_snapshotter_along(tmp_path):
    os.mkfifo(tmp_path / "journal.sqlite")
    mine = str(tmp_path).encode()

    async def scenario():
        schedule = SnapshotSchedule("t", Config(data_dir=tmp_path), None, None, last_seq=0)
        asked = asyncio.create_task(schedule.take())
        while not any(mine in line for line in _snapshotters()):
            await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert not any(mine in line for line in _snapshotters())

    asyncio.run(asyncio.wait_for(scenario(), 60))
