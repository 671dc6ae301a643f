"""Which figures of queues are asked for, checked, and how a wallboard is kept up to date."""

import asyncio
from typing import Any, Final

from acd.v1 import insight_service_pb2
from acd_core.limits import AT_NS_MAX
from acd_core.refusal import Reason, Refused
from acd_service import codec
from acd_service.codec.figures import agent_stats_message, queue_stats_message
from acd_service.figures.counts import DAY_NS, INTERVAL_NS, AgentFigures, QueueCounts, QueueKey
from acd_service.figures.keeper import QueueFigures, QueueQuestion
from acd_service.figures.store import StatsRow
from acd_service.kept_lines import Lines
from acd_service.service_error import Stopping
from acd_service.tenant import Tenant

ROWS_MAX: Final = 20_000
"""Rows of one answer: about 4 MB, the most that gRPC clients take unless told otherwise."""
NAMES_MAX: Final = 10_000
PERIOD_MS_DEFAULT: Final = 5_000
PERIOD_MS_MIN: Final = 1_000
PERIOD_MS_MAX: Final = 3_600_000
_EVERYTHING: Final = 2**62
_Line = tuple[int, int]
"""Since when somebody waits, and how many of those who wait are offered."""
_NOBODY: Final = (0, 0)


async def question_of(tenant: Tenant, request: Any) -> QueueQuestion:
    """What a GetQueueStats request asks for.

    Raises:
        Refused: a queue or channel that neither the policy nor the figures know; times that are not whole quarters of
            an hour, an end before the start, an interval that is no multiple of 15 minutes.
    """
    await _check_names(tenant, request.queue_ids, request.channels)
    now_ns = tenant.clock.now_ns()
    start_ns = _quarter(request.start_at, "start_at") if request.HasField("start_at") else now_ns - now_ns % DAY_NS
    # Until now is until the end of the quarter of an hour that runs.
    end_ns = now_ns - now_ns % INTERVAL_NS + INTERVAL_NS
    if request.HasField("end_at"):
        end_ns = _quarter(request.end_at, "end_at")
    if end_ns <= start_ns:
        field = "end_at" if request.HasField("end_at") else "start_at"
        raise Refused(Reason.INVALID_VALUE, field, "the end must come after the start")
    step_ns = end_ns - start_ns
    if request.HasField("interval"):
        step_ns = codec.span_ms_of(request.interval, "interval") * 1_000_000
        if not step_ns or step_ns % INTERVAL_NS:
            raise Refused(Reason.INVALID_VALUE, "interval", "an interval is a multiple of 15 minutes, and not 0")
    return QueueQuestion(
        frozenset(request.queue_ids), frozenset(request.channels), start_ns, end_ns, step_ns, now_ns, ROWS_MAX
    )


def response_of(figures: QueueFigures) -> insight_service_pb2.GetQueueStatsResponse:
    """The answer.

    Raises:
        Refused: there are more rows than fit an answer.
    """
    if len(figures.rows) > ROWS_MAX:
        text = f"more than {ROWS_MAX} rows; ask for fewer queues, a shorter time or longer intervals"
        raise Refused(Reason.TOO_MANY, "interval", text)
    return insight_service_pb2.GetQueueStatsResponse(
        stats=map(queue_stats_message, figures.rows), event_seq=figures.event_seq
    )


class Wallboard:
    """One WatchStats stream: everything first, then at each period what changed."""

    def __init__(self, tenant: Tenant, queue_ids: frozenset[str], with_agents: bool, period_s: float) -> None:
        self._tenant = tenant
        self._queue_ids = queue_ids
        self._with_agents = with_agents
        self._period_s = period_s
        self._day_ns = 0
        self._shown: dict[QueueKey, tuple[QueueCounts, _Line]] = {}
        self._agents: dict[str, AgentFigures] = {}

    @classmethod
    async def of(cls, tenant: Tenant, request: Any) -> "Wallboard":
        """The stream that a request asks for.

        Raises:
            Refused: unknown queue, period out of range.
        """
        await _check_names(tenant, request.queue_ids, ())
        period_ms = PERIOD_MS_DEFAULT
        if request.HasField("period"):
            period_ms = codec.ms_of(request.period, "period")
            if not PERIOD_MS_MIN <= period_ms <= PERIOD_MS_MAX:
                raise Refused(
                    Reason.OUT_OF_RANGE,
                    "period",
                    f"{period_ms} ms is out of range {PERIOD_MS_MIN} to {PERIOD_MS_MAX}",
                )
        return cls(tenant, frozenset(request.queue_ids), request.with_agents, period_ms / 1_000)

    async def run(self, context: Any) -> None:
        """Send figures until the caller has enough or the service stops."""
        while True:
            await context.write(await self._message())
            try:
                await asyncio.wait_for(self._tenant.stopping.wait(), self._period_s)
            except TimeoutError:
                continue
            raise Stopping("the service is stopping")

    async def _message(self) -> insight_service_pb2.WatchStatsResponse:
        now_ns = self._tenant.clock.now_ns()
        day_ns = now_ns - now_ns % DAY_NS
        question = QueueQuestion(self._queue_ids, frozenset(), day_ns, day_ns + DAY_NS, DAY_NS, now_ns, _EVERYTHING)
        figures = await self._tenant.figures.queues(question)
        lines = await self._tenant.lines.get()
        agents = await self._tenant.figures.agents(now_ns) if self._with_agents else None
        return await asyncio.to_thread(self._made_of, figures, lines, agents, now_ns, day_ns)

    def _made_of(
        self, figures: QueueFigures, lines: Lines, agents: dict[str, AgentFigures] | None, now_ns: int, day_ns: int
    ) -> insight_service_pb2.WatchStatsResponse:
        """What changed, as a message. Called in a thread: thousands of rows take tens of milliseconds."""
        by_key = {QueueKey(line.queue_id, line.channel_id): (line.since_ns, line.offered) for line in lines.queues}
        message = insight_service_pb2.WatchStatsResponse(
            at=codec.timestamp_of(now_ns),
            event_seq=figures.event_seq,
            queues=[queue_stats_message(row, *line) for row, line in self._changed(figures.rows, by_key, day_ns)],
            agents_now=insight_service_pb2.AgentsNow(**lines.agents._asdict()),
        )
        if agents is not None:
            # The last of one that signed off is what was counted until then.
            changed = [figures for name, figures in agents.items() if self._agents.get(name) != figures]
            changed += [figures for name, figures in self._agents.items() if name not in agents]
            message.agents.extend(map(agent_stats_message, changed))
            self._agents = agents
        return message

    def _changed(self, rows: list[StatsRow], lines: dict[QueueKey, _Line], day_ns: int) -> list[tuple[StatsRow, _Line]]:
        now = {row.key: (row, lines.get(row.key, _NOBODY)) for row in rows}
        if day_ns != self._day_ns:  # a new day begins with nothing: also for queues where nothing has happened yet
            for key in self._shown:
                row = StatsRow(key, day_ns, day_ns + DAY_NS, QueueCounts())
                now.setdefault(key, (row, lines.get(key, _NOBODY)))
            self._day_ns, self._shown = day_ns, {}
        changed = [(row, line) for row, line in now.values() if self._shown.get(row.key) != (row.counts, line)]
        self._shown.update({row.key: (row.counts, line) for row, line in now.values()})
        return changed


def _quarter(timestamp: Any, field: str) -> int:
    if not 0 <= timestamp.nanos < 1_000_000_000:
        raise Refused(Reason.INVALID_VALUE, field, f"nanos {timestamp.nanos} are not those of a valid Timestamp")
    at_ns = codec.ns_of(timestamp)
    if not 0 <= at_ns <= AT_NS_MAX:
        raise Refused(Reason.OUT_OF_RANGE, field, "a time from 1970 to 2096 is expected")
    if at_ns % INTERVAL_NS:
        raise Refused(Reason.INVALID_VALUE, field, "figures are kept by the quarter of an hour: :00, :15, :30 or :45")
    return at_ns


async def _check_names(tenant: Tenant, queue_ids: Any, channels: Any) -> None:
    for field, names in (("queue_ids", queue_ids), ("channels", channels)):
        if len(names) > NAMES_MAX:
            raise Refused(Reason.TOO_MANY, field, f"{len(names)} entries are more than the {NAMES_MAX} allowed")
    if not queue_ids and not channels:
        return
    policy = await tenant.look(lambda engine: engine.policy)
    keys = await tenant.figures.keys()
    known = {queue.queue_id for queue in policy.queues} | {key.queue_id for key in keys}
    for index, name in enumerate(queue_ids):
        if name not in known:
            raise Refused(Reason.UNKNOWN_QUEUE, f"queue_ids[{index}]", f'there is no queue "{name}", nor was there one')
    known = {channel.channel_id for channel in policy.channels} | {key.channel_id for key in keys}
    for index, name in enumerate(channels):
        if name not in known:
            raise Refused(Reason.UNKNOWN_CHANNEL, f"channels[{index}]", f'there is no channel "{name}", nor was there')
