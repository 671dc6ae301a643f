"""The centre that a log is routed in: the inferred agents, under a policy file and with a roster's skills or without.

- Without a policy every queue of the log is listed, and its agents are those whom its calls reached, at tier 0.
- With one, an inferred agent has a membership at tier 0 in each queue of the log that it belongs to, and a skill at
  level 100 named after each of them. A queue that the policy has open is served by whoever meets its requirement.
- With a roster the agents have its skills, memberships, capacities and weights instead; when they are there, and which
  queue's figures their presence counts in, is still the log's word.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from acd_core.enums import Membership
from acd_core.limits import SKILL_LEVEL_MAX
from acd_core.policy import Policy, QueueSpec
from acd_core.requirement import parse
from acd_core.roster import AgentSpec, QueueMembership, SkillLevel
from acd_service.policy_in_simulation import taken_at_once
from acd_service.replay.presence import Staff


class CentreError(Exception):
    """A policy or a roster that does not fit the log.

    Attributes:
        reason: QUEUES_MISSING or AGENTS_MISSING.
        missing: what the log has and the file has not.
    """

    def __init__(self, reason: str, what: str, missing: list[str]) -> None:
        super().__init__(f"{reason}: the log has {what} that are not here: {', '.join(missing)}")
        self.reason = reason
        self.missing = missing


@dataclass(frozen=True, slots=True)
class ReplayCentre:
    """What is put in force before the first call."""

    policy: Policy
    agents: tuple[AgentSpec, ...]
    channel_id: str
    notes: tuple[str, ...]


def plain_centre(queue_ids: list[str], staff: Staff) -> ReplayCentre:
    """The centre without a policy file."""
    queues = tuple(QueueSpec(queue_id, membership=Membership.LISTED, auto_accept=True) for queue_id in queue_ids)
    agents = tuple(
        AgentSpec(agent_id, memberships=tuple(QueueMembership(queue_id) for queue_id in sorted(its_queues)))
        for agent_id, its_queues in staff.queues_of.items()
    )
    return ReplayCentre(Policy(queues=queues), agents, "voice", ())


def policy_centre(
    queue_ids: list[str], staff: Staff, policy: Policy, roster: Mapping[str, AgentSpec] | None = None
) -> ReplayCentre:
    """The centre under a policy.

    Args:
        queue_ids: the log's.
        staff: inferred from the log.
        policy: has all of the log's queues.
        roster: has all of the log's agents; others of it never sign on.

    Raises:
        CentreError: queues or agents are missing.
    """
    known = {queue.queue_id for queue in policy.queues}
    missing = [queue_id for queue_id in queue_ids if queue_id not in known]
    if missing:
        raise CentreError("QUEUES_MISSING", "queues", missing)
    routed, notes = taken_at_once(policy)
    if roster is None:
        agents = tuple(_inferred(agent_id, its_queues) for agent_id, its_queues in staff.queues_of.items())
        notes += _unmet(policy, queue_ids, staff)
    else:
        absent = [agent_id for agent_id in staff.queues_of if agent_id not in roster]
        if absent:
            raise CentreError("AGENTS_MISSING", "agents", absent)
        agents = tuple(roster[agent_id] for agent_id in staff.queues_of)
    channels = [channel.channel_id for channel in policy.channels]
    return ReplayCentre(routed, agents, "voice" if "voice" in channels else channels[0], notes)


def _inferred(agent_id: str, queue_ids: frozenset[str]) -> AgentSpec:
    names = sorted(queue_ids)
    return AgentSpec(
        agent_id,
        skills=tuple(SkillLevel(name, SKILL_LEVEL_MAX) for name in names),
        memberships=tuple(QueueMembership(name) for name in names),
    )


def _unmet(policy: Policy, queue_ids: list[str], staff: Staff) -> tuple[str, ...]:
    """A note on each of the log's queues whose requirement no inferred agent meets."""
    profiles = [dict.fromkeys(queues, SKILL_LEVEL_MAX) for queues in set(staff.queues_of.values())]
    notes = []
    for queue in policy.queues:
        if queue.queue_id in queue_ids:
            requirement = parse(queue.requirement)
            if not any(requirement.met_by(profile) for profile in profiles):
                notes.append(
                    f"{queue.queue_id}: no agent of the log meets its requirement; they have skills named after their "
                    "queues alone, unless a roster is given"
                )
    return tuple(notes)
