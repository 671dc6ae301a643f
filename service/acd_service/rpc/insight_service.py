"""InsightService: figures and explanations."""

import asyncio
from typing import Any

from acd.v1 import insight_service_pb2_grpc
from acd_service.rpc import queue_figures
from acd_service.rpc.call import Tenants
from acd_service.rpc.estimating import estimate
from acd_service.rpc.explaining import explain
from acd_service.rpc.queue_figures import Wallboard


class InsightService(insight_service_pb2_grpc.InsightServiceServicer):
    """For wallboards and supervisors."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    async def GetQueueStats(self, request: Any, context: Any) -> Any:
        tenant = self._tenants.of(context)
        question = await queue_figures.question_of(tenant, request)
        figures = await tenant.figures.queues(question)
        # Thousands of rows take tens of milliseconds to put into messages: not on the event loop.
        return await asyncio.to_thread(queue_figures.response_of, figures)

    async def WatchStats(self, request: Any, context: Any) -> None:
        tenant = self._tenants.of(context)
        with tenant.metering.stream():
            wallboard = await Wallboard.of(tenant, request)
            await wallboard.run(context)

    async def EstimateWait(self, request: Any, context: Any) -> Any:
        return await estimate(self._tenants.of(context), request)

    async def Explain(self, request: Any, context: Any) -> Any:
        return await explain(self._tenants.of(context), request)
