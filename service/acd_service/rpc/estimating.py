"""What EstimateWait answers: position and expected wait of a contact, or of one that would come now."""

from typing import Any

from acd.v1.insight_service_pb2 import EstimateWaitResponse
from acd_core.refusal import Reason, Refused
from acd_service import codec
from acd_service.tenant import Tenant


async def estimate(tenant: Tenant, request: Any) -> EstimateWaitResponse:
    """The answer to an EstimateWaitRequest.

    Raises:
        Refused: EMPTY if it names nothing; UNKNOWN_CONTACT, UNKNOWN_QUEUE.
    """
    which = request.WhichOneof("of")
    if which is None:
        raise Refused(Reason.EMPTY, "of", "name a contact or a queue")
    if which == "contact_id":
        found = await tenant.look(lambda engine: engine.estimate_contact(request.contact_id))
        if found is None:
            raise Refused(Reason.UNKNOWN_CONTACT, which, f'there is no live contact "{request.contact_id}"')
    else:
        found = await tenant.look(lambda engine: engine.estimate_queue(request.queue_id))
        if found is None:
            raise Refused(Reason.UNKNOWN_QUEUE, which, f'there is no queue "{request.queue_id}"')
    response = EstimateWaitResponse(
        position=found.position,
        predictor=int(found.predictor),  # type: ignore[arg-type]  # the numbers are the same
    )
    if found.expected_wait_ns >= 0:
        response.expected_wait.CopyFrom(codec.duration_of_ns(found.expected_wait_ns))
    if found.error_ms >= 0:
        response.error.CopyFrom(codec.duration_of_ms(found.error_ms))
    return response
