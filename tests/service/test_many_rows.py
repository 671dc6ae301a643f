"""Figures of many queues are put into messages while the event loop goes on."""

import asyncio
import threading
from types import SimpleNamespace
from unittest.mock import AsyncMock

from acd.v1 import insight_service_pb2
from acd_core.views import AgentCounts, Line
from acd_service.figures.counts import DAY_NS, QueueCounts, QueueKey
from acd_service.figures.keeper import QueueFigures
from acd_service.figures.store import StatsRow
from acd_service.kept_lines import Lines
from acd_service.rpc import queue_figures
from acd_service.rpc.insight_service import InsightService


def rows(count):
    return [StatsRow(QueueKey(f"q{number}", "voice"), 0, DAY_NS, QueueCounts()) for number in range(count)]


def test_messages_are_made_beside_the_event_loop(monkeypatch):
    made_in = set()
    real = queue_figures.queue_stats_message

    def watched(*row):
        made_in.add(threading.current_thread())
        return real(*row)

    monkeypatch.setattr(queue_figures, "queue_stats_message", watched)
    tenant = SimpleNamespace(
        clock=SimpleNamespace(now_ns=lambda: 5),
        figures=SimpleNamespace(queues=AsyncMock(return_value=QueueFigures(rows(3), 7)), keys=AsyncMock()),
        lines=SimpleNamespace(
            get=AsyncMock(return_value=Lines((Line("q1", "voice", 1, 1, 4),), AgentCounts(*range(6))))
        ),
        look=AsyncMock(),
    )

    async def ask():
        board = queue_figures.Wallboard(tenant, frozenset(), False, 1.0)
        message = await board._message()
        assert [row.queue_id for row in message.queues] == ["q0", "q1", "q2"]
        assert [row.offered_now for row in message.queues] == [0, 1, 0]
        assert not (await board._message()).queues, "nothing has changed"
        service = InsightService(SimpleNamespace(of=lambda _context: tenant))
        answer = await service.GetQueueStats(insight_service_pb2.GetQueueStatsRequest(), None)
        assert (len(answer.stats), answer.event_seq) == (3, 7)

    asyncio.run(ask())
    assert made_in
    assert threading.main_thread() not in made_in
