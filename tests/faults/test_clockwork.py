"""What waits for simulated time that never goes on by itself: whoever asks again at once would ask for ever."""

import asyncio
import random

from faults.clockwork import SimulatedLoop

from acd_service.config import Config
from acd_service.fanout import EventFilter, Fanout


def test_a_follower_without_news_is_told_so_in_a_few_steps(tmp_path):
    """Whenever it began: no sum of seconds is rounded to a moment that does not come."""
    fanout = Fanout("default", None, Config(data_dir=tmp_path), 0, None)

    async def follow(begin_s):
        await asyncio.sleep(begin_s)
        return await anext(fanout.follow(1, EventFilter()))

    for number in range(200):
        draw = random.Random(number)
        loop = SimulatedLoop(draw)
        loop.steps_max = 20
        chunk = loop.run_until_complete(follow(draw.random() * 100))
        assert (chunk.contents, chunk.next_event_seq) == ([], 1)
