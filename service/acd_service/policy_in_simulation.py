"""What of a policy acts where time is simulated, and what cannot, because nobody is there to answer or to listen.

Agents there take what they are given at once, are always heard of, and never decline; callers hear no treatment and
take up no callback. The rest of the policy acts as it does in service.
"""

from dataclasses import replace

from acd_core.enums import StepAction, Strategy
from acd_core.policy import OfferOutcomes, Policy


def taken_at_once(policy: Policy) -> tuple[Policy, tuple[str, ...]]:
    """The policy as it can act in a simulation or a replay, and a note for each thing that does not act."""
    notes: list[str] = []
    offering = [queue.queue_id for queue in policy.queues if not queue.auto_accept]
    broadcast = [queue.queue_id for queue in policy.queues if queue.strategy is Strategy.BROADCAST]
    if offering:
        notes.append("offers: agents take what they are offered at once, in every queue")
    if broadcast:
        notes.append(f"broadcast: one agent gets the contact, the longest idle ({', '.join(broadcast)})")
    if offering and policy.offer_outcomes != OfferOutcomes():
        notes.append("offer_outcomes: no offer is declined or missed")
    if policy.presence_lease_ms:
        notes.append("presence_lease: agents stay signed on until their shift ends")
    actions = {step.action for plan in policy.plans for step in plan.steps}
    if StepAction.START_TREATMENT in actions:
        notes.append("treatments: started, heard by nobody, and no caller acts on them")
    if StepAction.OFFER_CALLBACK in actions:
        notes.append("callbacks: offered, and nobody takes one up")
    if policy.calendars:
        notes.append("calendars: every queue is open at all times")
    preference = policy.preference
    if preference.last_agent_window_ms or preference.agent_of_other_contact or preference.hold_ms:
        notes.append("preference: contacts carry no customer, so no agent is preferred")
    queues = tuple(
        replace(
            queue,
            auto_accept=True,
            strategy=Strategy.LONGEST_IDLE if queue.strategy is Strategy.BROADCAST else queue.strategy,
        )
        for queue in policy.queues
    )
    return replace(policy, queues=queues, presence_lease_ms=0), tuple(notes)
