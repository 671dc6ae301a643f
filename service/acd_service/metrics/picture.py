"""What the metrics say of one tenant, asked of it on the event loop in one go."""

from collections.abc import Sequence
from dataclasses import dataclass

from acd_core.enums import EndCause
from acd_core.views import AgentCounts, Counts, Line
from acd_service.engine_interface import RoutingEngine
from acd_service.tenant import Tenant

INVARIANTS = ("numbering", "time", "life", "conservation")


@dataclass(slots=True)
class Picture:
    """A tenant at one moment. Pictures of several tenants can be added up."""

    tenant: str
    commands_accepted: int
    commands_refused: int
    seq: int
    event_seq: int
    policy_version: int
    contacts: dict[str, int]
    opened: int
    closed: dict[str, int]
    agents: AgentCounts
    lines: tuple[tuple[str, Line], ...]
    """With the tenant of each."""
    named: tuple[tuple[str, str], ...]
    """Tenant and queue, of those queues that always have series of their own, as far as the policy has them."""
    longest_wait_ns: int
    queues_with_contacts: int
    now_ns: int
    subscribers: int
    subscriber_lag: int
    figures_lag: int
    violations: dict[str, int]
    set_aside: int
    snapshot_failures: int
    of_tenants: int = 1

    def add(self, other: "Picture") -> None:
        """Make this the picture of both. What cannot be added is the larger of the two."""
        for name in ("commands_accepted", "commands_refused", "opened", "queues_with_contacts", "subscribers",
                     "set_aside", "snapshot_failures", "of_tenants"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("seq", "event_seq", "policy_version", "longest_wait_ns", "subscriber_lag", "figures_lag"):
            setattr(self, name, max(getattr(self, name), getattr(other, name)))
        for counts, more in (
            (self.contacts, other.contacts), (self.closed, other.closed), (self.violations, other.violations),
        ):  # fmt: skip
            for key, count in more.items():
                counts[key] = counts.get(key, 0) + count
        self.agents = AgentCounts(*(a + b for a, b in zip(self.agents, other.agents, strict=True)))
        self.lines += other.lines
        self.named += other.named


async def picture_of(tenant: Tenant, queues: Sequence[str] = ()) -> Picture:
    """How a tenant is.

    Args:
        queues: those that always have series of their own, if the tenant has them.

    Raises:
        Stopping: the service has failed.
    """
    lines = await tenant.lines.get()

    def question(engine: RoutingEngine) -> tuple[Counts, int, int, int, tuple[tuple[str, str], ...]]:
        counts = engine.counts()
        tenant.monitor.look_at(counts)
        there = {queue.queue_id for queue in engine.policy.queues} if queues else ()
        named = tuple((tenant.name, queue_id) for queue_id in queues if queue_id in there)
        return counts, engine.seq, engine.event_seq, engine.policy_version, named

    counts, seq, event_seq, policy_version, named = await tenant.look(question)
    now_ns = tenant.clock.now_ns()
    following = tenant.fanout.next_event_seq
    lags = [following - follower.next_event_seq for follower in tenant.fanout.followers()]
    return Picture(
        tenant=tenant.name,
        commands_accepted=tenant.commands_accepted,
        commands_refused=tenant.commands_refused,
        seq=seq,
        event_seq=event_seq,
        policy_version=policy_version,
        contacts={
            "waiting": counts.waiting, "offered": counts.offered, "active": counts.active, "wrap_up": counts.wrap_up,
            "scheduled": counts.scheduled,
        },
        opened=counts.opened,
        closed={cause.name.lower(): count for cause, count in zip(EndCause, counts.closed, strict=True)},
        agents=lines.agents,
        lines=tuple((tenant.name, line) for line in lines.queues),
        named=named,
        longest_wait_ns=max((now_ns - line.since_ns for line in lines.queues), default=0),
        queues_with_contacts=len({line.queue_id for line in lines.queues}),
        now_ns=now_ns,
        subscribers=len(lags),
        subscriber_lag=max(lags, default=0),
        figures_lag=max(following - 1 - tenant.figures.event_seq, 0),
        violations={name: tenant.monitor.figures()[name] for name in INVARIANTS},
        set_aside=len(tenant.set_aside.entries),
        snapshot_failures=tenant.snapshots.failures,
    )  # fmt: skip
