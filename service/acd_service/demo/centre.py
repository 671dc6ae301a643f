"""The demo's contact centre: its policy and its agents.

The routing is the published model's: type0 (sales) goes to group 0, type1 (service) to group 0 and, if nobody is free
there, to group 1, type2 (support) to group 1. The middle one is a listed queue with two tiers, the outer ones are open
queues with a requirement. Support's telephones pick up by themselves (the queue accepts for its agents); in the other
queues the agents are offered each call. Chats and mail go to the desk, mail also to idle agents of group 1, whom a call
interrupts.
"""

from acd_core.enums import Membership, Strategy
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_service.demo.day import Shift

CHATS_AT_ONCE = 3
MAILS_AT_ONCE = 2


def policy() -> Policy:
    """The policy of the demo's centre."""
    return Policy(
        channels=(Channel("voice", 100, interrupts=("mail",)), Channel("chat", 25), Channel("mail", 10)),
        queues=(
            QueueSpec("sales", requirement="sales>=50", wrap_up_ms=120_000),
            QueueSpec("service", requirement="service>=20", membership=Membership.LISTED, wrap_up_ms=120_000),
            QueueSpec("support", requirement="support>=50", wrap_up_ms=120_000, auto_accept=True),
            QueueSpec(
                "chat",
                requirement="chat",
                strategy=Strategy.ROUND_ROBIN,
                service_level_target_ms=60_000,
                offer_timeout_ms=30_000,
                max_waiting=5,
            ),
            QueueSpec(
                "mail",
                requirement="mail",
                strategy=Strategy.RANDOM,
                service_level_target_ms=3_600_000,
                auto_accept=True,
                credit_ms=-600_000,
            ),
        ),
        short_abandon_ms=5_000,
        offer_outcomes=OfferOutcomes(
            declined=OutcomePolicy(exclude_ms=60_000),
            busy=OutcomePolicy(delay_ms=10_000),
            missed=OutcomePolicy(exclude_ms=30_000, away_after=2),
        ),
    )


def agents(shifts: tuple[Shift, ...]) -> tuple[AgentSpec, ...]:
    """Everybody who works on the day, in order of ids."""
    groups = {shift.agent_id: shift.group for shift in shifts}
    return tuple(_agent(agent_id, group) for agent_id, group in sorted(groups.items()))


def _agent(agent_id: str, group: str) -> AgentSpec:
    index = int(agent_id.rsplit("-", 1)[1])
    level = 50 + index * 37 % 51
    """A spread over 50 to 100 that is the same every day."""
    if group == "desk":
        return AgentSpec(
            agent_id,
            skills=(SkillLevel("chat", level), SkillLevel("mail", level)),
            channel_maxima=(ChannelMaximum("chat", CHATS_AT_ONCE), ChannelMaximum("mail", MAILS_AT_ONCE)),
        )
    spanish = (SkillLevel("spanish", level),) if index % 3 == 0 else ()
    if group == "group0":
        skills = (SkillLevel("sales", level), SkillLevel("service", level))
        return AgentSpec(agent_id, skills=skills + spanish, memberships=(QueueMembership("service", tier=0),))
    skills = (SkillLevel("support", level), SkillLevel("service", level // 2))
    mail = (SkillLevel("mail", level),) if index % 4 == 0 else ()
    return AgentSpec(
        agent_id,
        skills=skills + spanish + mail,
        channel_maxima=(ChannelMaximum("mail", 1),),
        memberships=(QueueMembership("service", tier=1),),
    )
