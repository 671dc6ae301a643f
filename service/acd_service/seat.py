"""A tenant's place at the sequencer, and what comes out of it."""

from collections.abc import Callable
from typing import Protocol

from acd_service.engine_interface import RoutingEngine
from acd_service.opening import Opening
from acd_service.released import Released
from acd_service.set_aside import SetAside

__all__ = ["Outlet", "Released", "Seat"]


class Outlet(Protocol):
    """Where durable events go, in order."""

    def publish(self, events: list[Released]) -> None: ...


class Seat:
    """A tenant's place at the sequencer: its engine, and where its events go.

    Args:
        rebuild: gives the engine anew, as the journal has it; called in the worker thread after the engine failed.
        on_committed: told the seq after each commit that holds commands of the tenant.
    """

    __slots__ = (
        "closed",
        "commands",
        "engine",
        "on_committed",
        "opening",
        "outlet",
        "rebuild",
        "refused",
        "set_aside",
        "tenant",
    )

    def __init__(
        self,
        tenant: str,
        engine: RoutingEngine,
        outlet: Outlet,
        set_aside: SetAside,
        *,
        rebuild: Callable[[], RoutingEngine],
        on_committed: Callable[[int], None] = lambda _seq: None,
    ) -> None:
        self.tenant = tenant
        self.engine = engine
        self.outlet = outlet
        self.set_aside = set_aside
        self.rebuild = rebuild
        self.opening = Opening()
        self.on_committed = on_committed
        self.closed: Exception | None = None
        """Why nothing more is taken for it."""
        self.commands = 0
        self.refused = 0

    def due_ns(self) -> int | None:
        """When the seat has to be ticked next: its engine's earliest timer, or when a queue opens or closes."""
        timer_ns, opening_ns = self.engine.next_timer(), self.opening.due_ns(self.engine)
        if timer_ns is None or opening_ns is None:
            return opening_ns if timer_ns is None else timer_ns
        return min(timer_ns, opening_ns)

    def opening_is_due(self, now_ns: int) -> bool:
        """Whether a queue opens or closes by then."""
        due_ns = self.opening.due_ns(self.engine)
        return due_ns is not None and due_ns <= now_ns
