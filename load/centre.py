"""The contact centre that the load tests are set in: its policy, and how its agents are described.

Times are short, so that half a minute sees many contacts from beginning to end.
"""

from datetime import timedelta
from typing import Any

from acd.v1.agent_pb2 import AgentSpec
from acd.v1.policy_pb2 import Channel, EndWait, Overflow, Plan, PlanStep, Policy, Queue, QueueMove, Treatment

LINES_QUEUE = "load_lines"
"""Calls that the PBX rings the agent for: it accepts when the agent picks up."""
DESKS_QUEUE = "load_desks"
"""Calls that agents accept on their screens."""
CHATS_QUEUE = "load_chats"
"""Chats, which the queue accepts by itself."""
VIP_QUEUE = "load_vip"
"""Where calls go that waited long."""
QUEUES = (LINES_QUEUE, DESKS_QUEUE, CHATS_QUEUE, VIP_QUEUE)
VOICE, CHAT = "voice", "chat"
ANSWER_ON = "answer_on"
"""The attribute of a contact that says who accepts its offers: the exchange's line, or the agent's screen."""
LINE, SCREEN = "line", "screen"
LANGUAGES = ("english", "spanish", "german")


def policy() -> Policy:
    """Replaces whatever policy is in force: a service under load test is one for load tests."""
    short: dict[str, Any] = {"offer_timeout": timedelta(seconds=3), "wrap_up": timedelta(seconds=1)}
    return Policy(
        channels=[Channel(channel_id=VOICE, cost=100), Channel(channel_id=CHAT, cost=25)],
        queues=[
            Queue(queue_id=LINES_QUEUE, requirement="calls", plan_id="load_plan", **short),
            Queue(queue_id=DESKS_QUEUE, requirement="calls>=20", max_waiting=5_000, overflow=_hang_up(), **short),
            Queue(queue_id=CHATS_QUEUE, requirement="chats", auto_accept=True),
            Queue(queue_id=VIP_QUEUE, requirement="calls", credit=timedelta(seconds=30), **short),
        ],
        plans=[Plan(plan_id="load_plan", steps=_steps())],
        presence_lease=timedelta(seconds=20),
        reattach=timedelta(seconds=5),
    )


def _hang_up() -> Overflow:
    return Overflow(end=EndWait(kind=EndWait.KIND_HANG_UP, target="busy"))


def _steps() -> list[PlanStep]:
    music = Treatment(kind=Treatment.KIND_MUSIC, name="load")
    return [
        PlanStep(after=timedelta(seconds=1), treatment=music),
        PlanStep(after=timedelta(seconds=4), move_to_queue=QueueMove(queue_id=VIP_QUEUE)),
    ]


def agent(agent_id: str, number: int) -> AgentSpec:
    """The agent of this number: all take calls and chats, languages go by turns."""
    skills = {"calls": 20 + number % 80, "chats": 50, LANGUAGES[number % len(LANGUAGES)]: 70}
    return AgentSpec(agent_id=agent_id, skills=skills)
