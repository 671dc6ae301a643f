"""What the workloads look like: the six of the performance targets, by name."""

from dataclasses import dataclass, replace

from acd_core.enums import Strategy
from acd_core.policy import Channel


@dataclass(frozen=True, slots=True)
class Shape:
    """What a workload looks like."""

    name: str
    agents: int
    waiting: int
    skills: int
    queues: int
    profiles: int
    """Distinct skill sets among the agents; 0 when every agent has its own."""
    requirements: int
    """Distinct requirements among the contacts; 0 when every contact has its own."""
    skills_per_agent: int = 4
    terms_max: int = 2
    busy_thousandths: int = 1_000
    """How many agents in a thousand are busy in the steady state of a workload in which nobody waits."""
    strategies: tuple[Strategy, ...] = (Strategy.LONGEST_IDLE,)
    channels: tuple[Channel, ...] = (Channel("voice", 100),)
    """With more than one, half of the agents take the first and the last, the others all but the first."""
    listed_thousandths: int = 0
    """How many queues in a thousand are listed."""
    cancel_thousandths: int = 50
    """How many contacts in a thousand are cancelled."""
    reskill_thousandths: int = 1
    """How many rounds in a thousand change an agent's skills."""
    away_thousandths: int = 10
    """How many rounds in a thousand have an agent go away and come back."""
    steps_after_ms: tuple[int, ...] = ()
    """When the steps of the queues' plans come; no plans if empty."""
    preferred_thousandths: int = 0
    """How many contacts in a thousand prefer an agent, for whom they are held a while."""
    preferred_hold_ms: int = 0

    @property
    def live(self) -> int:
        """Ids that are alive in the start state: what the floor's hash and heap hold."""
        return self.agents + self.waiting


SMALL = Shape("small", agents=100, waiting=200, skills=10, queues=10, profiles=12, requirements=20)

PROFILES = Shape(
    "profiles",
    agents=10_000,
    waiting=50_000,
    skills=200,
    queues=200,
    profiles=300,
    requirements=500,
    skills_per_agent=8,
    terms_max=3,
)

IDLE = replace(PROFILES, name="idle", waiting=0, busy_thousandths=500)

UNIQUE = replace(PROFILES, name="unique", profiles=0, requirements=0)

LARGE = replace(
    PROFILES,
    name="large",
    agents=100_000,
    waiting=1_000_000,
    skills=1_000,
    queues=5_000,
    profiles=1_000,
    requirements=3_000,
)

MIXED = replace(
    PROFILES,
    name="mixed",
    strategies=tuple(Strategy),
    channels=(
        Channel("voice", 100, ("mail",)),
        Channel("chat", 25),
        Channel("message", 20),
        Channel("mail", 10),
    ),
    listed_thousandths=300,
    steps_after_ms=(180_000, 360_000, 720_000),
    preferred_thousandths=200,
    preferred_hold_ms=20_000,
)

SHAPES = {shape.name: shape for shape in (SMALL, PROFILES, IDLE, UNIQUE, LARGE, MIXED)}
