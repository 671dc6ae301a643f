"""What was taken and is not applied yet: bounded, and shared out between tenants and senders when there is too much.

As long as all that waits goes into the next batch, it goes in the order in which it came. When more waits than that,
batches are filled in turn: a tenant at a time, and within it a sender at a time. And who holds much of the room is told
to come back while others still find room: who holds anything may hold no more than a multiple of what is left (as
switches share the room for packets between their ports: Choudhury and Hahne, Dynamic queue length thresholds, 1998).

A tenant can be held back, while something of it takes long: what waits of it keeps its place and its share of the room,
and the others go on.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Final, Generic, Protocol, TypeVar

from acd_service.service_error import Overloaded

SHARE: Final = 4
"""How many times what is left one tenant, and within it one sender, may hold: alone, it may take three quarters."""
RETRY_AFTER_MS: Final = 100
_arrival: Final = attrgetter("arrival")


class Waiting(Protocol):
    """Something that waits: one command, or a batch of them that stays together."""

    arrival: int
    """In which order it came; set here."""
    sender: str

    @property
    def tenant(self) -> str: ...
    def __len__(self) -> int:
        """How many commands it is."""


W = TypeVar("W", bound=Waiting)


class _Line(Generic[W]):
    """What waits of one sender."""

    __slots__ = ("commands", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[W] = deque()
        self.commands = 0


class _Tenant(Generic[W]):
    """What waits of one tenant, by sender; the first is the next whose turn it is."""

    __slots__ = ("commands", "lines")

    def __init__(self) -> None:
        self.lines: dict[str, _Line[W]] = {}
        self.commands = 0

    def put(self, waiting: W, *, in_front: bool = False) -> None:
        line = self.lines.get(waiting.sender)
        if line is None:
            line = self.lines[waiting.sender] = _Line()
        if in_front:
            line.waiting.appendleft(waiting)
        else:
            line.waiting.append(waiting)
        commands = len(waiting)
        line.commands += commands
        self.commands += commands


class Inbound(Generic[W]):
    """Holds at most `commands_max` commands.

    Attributes:
        commands: how many of them may be taken: those of tenants that are held back are not among them.
    """

    def __init__(self, commands_max: int) -> None:
        self._commands_max = commands_max
        self._fresh: list[W] = []
        self._tenants: dict[str, _Tenant[W]] = {}
        self._held: dict[str, _Tenant[W]] = {}
        self._arrivals = 0
        self._before_all = 0
        self._count = 0
        self.commands = 0
        self.commands_held = 0

    def __len__(self) -> int:
        """How many things may be taken, a batch counting as one."""
        return self._count

    def __iter__(self) -> Iterator[W]:
        """All that waits, in no order that matters."""
        self._share_out()
        tenants = chain(self._tenants.values(), self._held.values())
        return chain.from_iterable(line.waiting for tenant in tenants for line in tenant.lines.values())

    def check_room(self, tenant: str, sender: str, commands: int) -> None:
        """Whether so many commands more may come from a sender.

        Raises:
            Overloaded: the room is full, or the tenant or the sender holds its share of it.
        """
        held = self.commands + self.commands_held
        if held + commands <= self._commands_max // 2:
            return  # whoever holds all of half the room holds less than four times the other half
        self._share_out()
        left = self._commands_max - held
        theirs = self._tenants.get(tenant) or self._held.get(tenant)
        left_to_tenant = SHARE * left - (theirs.commands if theirs is not None else 0)
        line = theirs.lines.get(sender) if theirs is not None else None
        is_too_greedy = line is not None and line.commands > SHARE * left_to_tenant
        if held and (left < commands or is_too_greedy):
            whose = "" if left < commands else ", too many of them yours"
            raise Overloaded(f"{held} commands are waiting to be applied{whose}", RETRY_AFTER_MS)

    def put(self, waiting: W) -> None:
        """Take something in; `check_room` was asked before."""
        if self._held and waiting.tenant in self._held:
            self._arrivals += 1
            waiting.arrival = self._arrivals
            self._held[waiting.tenant].put(waiting)
            self.commands_held += len(waiting)
            return
        self._fresh.append(waiting)
        self.commands += len(waiting)
        self._count += 1

    def _share_out(self) -> None:
        """Put what has come since to the lines: as long as all of it fits into the next batch nobody asks for them."""
        for waiting in self._fresh:
            self._arrivals += 1
            waiting.arrival = self._arrivals
            tenant = self._tenants.get(waiting.tenant)
            if tenant is None:
                tenant = self._tenants[waiting.tenant] = _Tenant()
            tenant.put(waiting)
        self._fresh.clear()

    def take(self, commands_max: int) -> list[W]:
        """What goes next, about `commands_max` commands: at least one thing, if anything waits."""
        if self.commands <= commands_max:
            everything = self._fresh
            if self._tenants:
                self._share_out()
                lines = chain.from_iterable(tenant.lines.values() for tenant in self._tenants.values())
                everything = sorted(chain.from_iterable(line.waiting for line in lines), key=_arrival)
            self._fresh = []
            self._tenants.clear()
            self._count = self.commands = 0
            return everything
        self._share_out()
        taken: list[W] = []
        left = commands_max
        while left > 0 and self._tenants:
            name, tenant = next(iter(self._tenants.items()))
            sender, line = next(iter(tenant.lines.items()))
            waiting = line.waiting.popleft()
            commands = len(waiting)
            if taken and commands > left:
                line.waiting.appendleft(waiting)
                break
            taken.append(waiting)
            left -= commands
            line.commands -= commands
            tenant.commands -= commands
            self.commands -= commands
            self._count -= 1
            # Whose turn it was goes to the end, or goes if there is nothing more of it.
            del tenant.lines[sender], self._tenants[name]
            if line.waiting:
                tenant.lines[sender] = line
            if tenant.lines:
                self._tenants[name] = tenant
        return taken

    def drop(self, tenant: str) -> list[W]:
        """Take out all that waits of a tenant."""
        self._share_out()
        held = self._held.get(tenant)
        theirs = self._tenants.pop(tenant, None) or held
        if theirs is None:
            return []
        dropped = [waiting for line in theirs.lines.values() for waiting in line.waiting]
        if held is not None:
            self.commands_held -= held.commands
            self._held[tenant] = _Tenant()
            return dropped
        self.commands -= theirs.commands
        self._count -= len(dropped)
        return dropped

    def hold(self, tenant: str, back: Sequence[W]) -> None:
        """Give out nothing more of a tenant until it is let go.

        Args:
            back: of this tenant, taken last and not begun; it goes to the front again.
        """
        self._share_out()
        theirs = self._tenants.pop(tenant, None)
        if theirs is None:
            theirs = _Tenant()
        self.commands -= theirs.commands
        self._count -= sum(len(line.waiting) for line in theirs.lines.values())
        for waiting in reversed(back):
            self._before_all -= 1
            waiting.arrival = self._before_all
            theirs.put(waiting, in_front=True)
        self._held[tenant] = theirs
        self.commands_held += theirs.commands

    def let_go(self, tenant: str) -> None:
        """Give out what waits of a tenant again."""
        theirs = self._held.pop(tenant)
        self.commands_held -= theirs.commands
        if theirs.lines:
            self._share_out()
            self._tenants[tenant] = theirs
            self.commands += theirs.commands
            self._count += sum(len(line.waiting) for line in theirs.lines.values())

    def clear(self) -> None:
        """Forget all that waits."""
        self._fresh = []
        self._tenants.clear()
        self._held.clear()
        self._count = self.commands = self.commands_held = 0
