"""Has a tenant come and go, while the others are served, and knows what there must be of it."""

import asyncio
import random
from typing import TYPE_CHECKING

from faults.ledger import Broken

from acd_service.journal import JournalError
from acd_service.service_error import Stopping
from acd_service.tenant_settings import Quotas

if TYPE_CHECKING:
    from faults.life import Life

GONE, OPEN, SUSPENDED = "gone", "open", "suspended"
_NEXT = {GONE: ("create",), OPEN: ("suspend",), SUSPENDED: ("resume", "remove")}
_COMES_TO = {"create": OPEN, "suspend": SUSPENDED, "resume": OPEN, "remove": GONE}


class Register:
    """What is known of a tenant over all lives.

    Attributes:
        may_be: how it may stand: one way, or two if the last order was not answered.
        orders: answered ones.
    """

    def __init__(self, name: str, *, stands: str) -> None:
        self.name = name
        self.may_be = {stands}
        self.orders = 0
        self._last_seq = 0

    def look(self, life: "Life") -> None:
        """A life has begun."""
        hosted = {entry.name: entry for entry in life.hosting.list()}
        found = GONE if self.name not in hosted else SUSPENDED if hosted[self.name].is_suspended else OPEN
        if found not in self.may_be:
            raise Broken(f"{self.name} is {found}, and was to be {' or '.join(sorted(self.may_be))}")
        if len(self.may_be) == 1:
            self.check_still(life, found)
        self.settle(life, found)

    def settle(self, life: "Life", found: str) -> None:
        """So it stands.

        Raises:
            JournalError: the journal cannot be read; no more is known than before, and not how far it went either.
        """
        if found == GONE:
            if self.name in life.journal.tenants():
                raise Broken(f"{self.name} was removed and is in the journal")
            life.ledgers.pop(self.name, None)
        else:
            self._last_seq = life.journal.extent(self.name).last_seq
        self.may_be = {found}

    def check_still(self, life: "Life", stands: str) -> None:
        """Nothing is done for a tenant that is suspended."""
        if stands == SUSPENDED and life.journal.extent(self.name).last_seq != self._last_seq:
            raise Broken(f"{self.name} was suspended, and commands were done for it")

    async def order(self, life: "Life", draw: random.Random) -> None:
        """Have the tenant come, go or rest."""
        (stands,) = self.may_be
        self.check_still(life, stands)
        name, what = self.name, draw.choice(_NEXT[stands])
        self.may_be = {stands, _COMES_TO[what]}
        match what:
            case "create":
                await life.hosting.create(name, Quotas(waiting_max=5), seed=11)
            case "suspend":
                await life.hosting.suspend(name)
            case "resume":
                await life.hosting.resume(name)
            case "remove":
                await life.hosting.remove(name)
        self.orders += 1
        self.settle(life, _COMES_TO[what])


async def landlord(life: "Life", register: Register, draw: random.Random) -> None:
    """Give orders for ever, until one fails."""
    try:
        while True:
            await asyncio.sleep(draw.random() ** 2 * 0.8)
            if life.is_ending:
                return
            await register.order(life, draw)
            house = life.houses.get(register.name)
            if house is not None:
                await house.furnish()
    except Stopping:
        return
    except JournalError:
        if not life.disk.failed:
            raise
