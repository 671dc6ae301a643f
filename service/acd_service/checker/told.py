"""What callers are told: position and expected wait, and what they are worked out from (docs/engine/told.md)."""

from dataclasses import dataclass, field

from acd_core.limits import AT_NS_MAX
from acd_service.checker.world import Contact, World

_COUNT_MAX = 256
_SERVICE_US_MAX = 1 << 41
_ERROR_MS_MAX = 1 << 30
NONE = -1


@dataclass(slots=True)
class _Learnt:
    """Of one queue."""

    served: int = 0
    service_us: int = 0
    last_wait_ns: int = NONE
    scored: list[int] = field(default_factory=lambda: [0, 0])
    error: list[int] = field(default_factory=lambda: [0, 0])


class Told:
    """Both predictors: by queue length, by the last waits."""

    def __init__(self) -> None:
        self._queues: dict[str, _Learnt] = {}
        self._serving: dict[str, int] = {}

    def keep(self, queue_ids: set[str]) -> None:
        """Forget queues that are no more."""
        self._queues = {queue_id: learnt for queue_id, learnt in self._queues.items() if queue_id in queue_ids}

    def begins(self, contact: Contact, now_ns: int) -> None:
        """A contact has become active; its home queue is the one it was taken from."""
        self._serving[contact.queue_id] = self._serving.get(contact.queue_id, 0) + 1
        learnt = self._queues.setdefault(contact.queue_id, _Learnt())
        learnt.last_wait_ns = now_ns - contact.opened_ns
        if contact.predicted_at_ns:
            for index, predicted_ns in enumerate(contact.predicted):
                if predicted_ns != NONE:
                    off_ms = min(abs(now_ns - contact.predicted_at_ns - predicted_ns) // 1_000_000, _ERROR_MS_MAX)
                    learnt.scored[index] = min(learnt.scored[index] + 1, _COUNT_MAX)
                    learnt.error[index] += (off_ms * off_ms - learnt.error[index]) // learnt.scored[index]

    def ends(self, contact: Contact, now_ns: int) -> None:
        """A contact's segment ends out of service."""
        self._serving[contact.queue_id] -= 1
        learnt = self._queues.setdefault(contact.queue_id, _Learnt())
        took_us = min((now_ns - contact.accepted_ns) // 1_000, _SERVICE_US_MAX)
        learnt.served = min(learnt.served + 1, _COUNT_MAX)
        learnt.service_us += (took_us - learnt.service_us) // learnt.served

    def predict(self, world: World, contact: Contact, now_ns: int) -> tuple[int, int]:
        """What each predictor says of a waiting contact in its home queue, in ns; NONE for nothing."""
        learnt = self._queues.get(contact.queue_id)
        if learnt is None:
            return NONE, NONE
        by_length = NONE
        serving = self._serving.get(contact.queue_id, 0)
        if learnt.served and serving:
            by_length = min(world.position(contact) * learnt.service_us // serving, AT_NS_MAX // 1_000) * 1_000
        by_waits = NONE
        if learnt.last_wait_ns != NONE:
            by_waits = max(0, learnt.last_wait_ns - (now_ns - contact.opened_ns))
        return by_length, by_waits

    def expected_wait_ns(self, world: World, contact: Contact, now_ns: int) -> int:
        """By the better predictor; NONE if neither says anything."""
        said = self.predict(world, contact, now_ns)
        able = [index for index in (0, 1) if said[index] != NONE]
        if not able:
            return NONE
        learnt = self._queues[contact.queue_id]
        return said[min(able, key=lambda index: (not learnt.scored[index], learnt.error[index], index))]
