"""InsightService: figures and explanations. Nothing of it is built yet."""

from typing import Any

from acd.v1 import insight_service_pb2_grpc
from acd_service.rpc.call import not_built


class InsightService(insight_service_pb2_grpc.InsightServiceServicer):
    """For wallboards and supervisors."""

    async def GetQueueStats(self, request: Any, context: Any) -> Any:
        raise not_built("GetQueueStats")

    async def WatchStats(self, request: Any, context: Any) -> None:
        raise not_built("WatchStats")

    async def EstimateWait(self, request: Any, context: Any) -> Any:
        raise not_built("EstimateWait")

    async def Explain(self, request: Any, context: Any) -> Any:
        raise not_built("Explain")
