"""What Explain answers: the rule by its name, the facts, and sentences for a person."""

from typing import Any, Final

from acd.v1.event_pb2 import Decision
from acd.v1.insight_service_pb2 import ExplainResponse
from acd_core.enums import EventType, ServeRule
from acd_core.events import Event
from acd_core.refusal import Reason, Refused
from acd_core.views import Explanation
from acd_service import codec
from acd_service.past import PastQuestion
from acd_service.tenant import Tenant

_RULES: Final = {
    ServeRule.READY: "{agent} is not ready, or gets nothing for a while after an offer that failed.",
    ServeRule.ROOM: "{agent} has no room on the contact's channel.",
    ServeRule.MEMBER: "{agent} does not belong to the contact's queue, or only at a tier that is too high as yet.",
    ServeRule.SKILLS: "The skills of {agent} do not meet what {contact} and its queue ask for.",
    ServeRule.NOT_EXCLUDED: "{agent} is excluded for {contact}, after an offer that failed or as who asked for it.",
    ServeRule.HELD_FOR_PREFERRED: "{contact} is held for the agents preferred for it, and {agent} is none of them.",
    ServeRule.NAMED_ONLY: "{contact} is for named agents only, and {agent} is none of them.",
    ServeRule.NONE_FAILS: "Every rule holds between {agent} and {contact}.",
}


async def explain(tenant: Tenant, request: Any) -> ExplainResponse:
    """The answer to an ExplainRequest.

    Raises:
        Refused: EMPTY if it names neither contact nor agent; UNKNOWN_CONTACT, UNKNOWN_AGENT.
        ServiceError: it asks for a time that cannot be gone back to.
    """
    contact_id, agent_id, event_seq = request.contact_id, request.agent_id, request.before_event_seq
    if not contact_id and not agent_id:
        raise Refused(Reason.EMPTY, "contact_id", "name a contact, an agent or both")
    explanation, is_there, last = await tenant.look(
        lambda engine: (
            engine.explain(contact_id, agent_id),
            engine.contact(contact_id) is not None,
            engine.event_seq,
        )
    )
    event: Event | None = None
    if event_seq and event_seq != last + 1:
        question = PastQuestion(event_seq, contact_id, agent_id)
        explanation, event = await tenant.past.explain(question, last + 1)
        last = event_seq - 1
    if explanation is None and not _decides(event, contact_id, agent_id):
        raise _unknown(contact_id, agent_id, is_there, event)
    response = ExplainResponse(event_seq=last)
    sentences = []
    if explanation is not None:
        response.rule = explanation.rule or 0  # type: ignore[assignment]  # the numbers are the same
        response.contact_ahead_id = explanation.contact_ahead_id
        response.agent_ahead_id = explanation.agent_ahead_id
        response.agents_able = explanation.agents_able
        response.agents_with_room = explanation.agents_with_room
        sentences += _sentences(explanation, contact_id, agent_id)
    if event is not None and _decides(event, contact_id, agent_id):
        response.decision.CopyFrom(_decision(event))
        sentences.append(_decided(event))
    response.text = " ".join(sentences)
    return response


def _decides(event: Event | None, contact_id: str, agent_id: str) -> bool:
    """Whether the event is a decision about what was asked."""
    return (
        event is not None
        and event.type in (EventType.OFFER_MADE, EventType.CONTACT_ASSIGNED)
        and (event.contact_id == contact_id or (not contact_id and event.agent_id == agent_id))
    )


def _decision(event: Event) -> Decision:
    message = codec.event_message(event)
    return message.offer_made.decision if message.HasField("offer_made") else message.contact_assigned.decision


def _unknown(contact_id: str, agent_id: str, is_there: bool, event: Event | None) -> Refused:
    when = "" if event is None else " just before that event"
    if contact_id and (event is not None or not is_there):
        also = f', or no agent "{agent_id}",' if agent_id and event is not None else ""
        return Refused(Reason.UNKNOWN_CONTACT, "contact_id", f'there is no live contact "{contact_id}"{also}{when}')
    return Refused(Reason.UNKNOWN_AGENT, "agent_id", f'there is no agent "{agent_id}"{when}')


def _sentences(explanation: Explanation, contact_id: str, agent_id: str) -> list[str]:
    if not agent_id:
        able = _counted(explanation.agents_able, "agent")
        with_room = f"{explanation.agents_with_room} of them ready and with room"
        return [f"{able} may serve {contact_id} by queue, skills and preference; {with_room}."]
    if not contact_id:
        return [_about_agent(explanation, agent_id)]
    rule = explanation.rule or ServeRule.NONE_FAILS
    sentences = [_RULES[rule].format(agent=agent_id, contact=contact_id)]
    if explanation.agent_ahead_id:
        sentences.append(f"{explanation.agent_ahead_id} has it.")
    if explanation.contact_ahead_id:
        taken = "holds" if rule is ServeRule.ROOM else "takes"
        sentences.append(f"{agent_id} {taken} {explanation.contact_ahead_id}.")
    return sentences


def _about_agent(explanation: Explanation, agent_id: str) -> str:
    if explanation.rule is ServeRule.READY:
        return f"{agent_id} is not ready, or gets nothing for a while after an offer that failed."
    if explanation.rule is ServeRule.ROOM:
        return f"{agent_id} has room on no channel."
    if explanation.contact_ahead_id:
        return f"{agent_id} takes {explanation.contact_ahead_id} next."
    return f"{agent_id} is ready; nobody waits whom {agent_id} may serve."


def _decided(event: Event) -> str:
    chose = "the contact chose" if event.chosen_by == 1 else "the agent chose"
    return f"Then {event.contact_id} went to {event.agent_id} from queue {event.queue_id}, tier {event.tier}: {chose}."


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
