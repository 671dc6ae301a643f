"""What all tenants of a service share, so that neither threads nor open files grow with the number of tenants."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from acd_service.config import Config
from acd_service.lanes import Lane
from acd_service.opened_by_need import OpenFiles, Turns
from acd_service.recent_room import RecentRoom

FIGURES_OPEN_MAX: Final = 32
"""Tenants whose figures are open: who else has news waits for a turn, unless somebody asks."""
CUSTOMERS_OPEN_MAX: Final = 64
"""Connections to directories of customers."""
_THREADS: Final = 2
"""For each kind of work. More would only take the interpreter from the event loop."""
_RECENT_BYTES_MAX: Final = Config().recent_bytes_all_max


class SharedByTenants:
    """Threads by what they do, since what waits for a disk must not hold up what is only read; files by what is in
    them.
    """

    def __init__(self, recent_bytes_max: int = _RECENT_BYTES_MAX) -> None:
        self.recent: Final = RecentRoom(recent_bytes_max)
        self._pools = [
            ThreadPoolExecutor(_THREADS, thread_name_prefix=name)
            for name in ("figures", "catch-up", "customers", "customer look-up")
        ]
        self.figures_files: Final = OpenFiles(FIGURES_OPEN_MAX)
        self.figures_turns: Final = Turns()
        self.customer_files: Final = OpenFiles(CUSTOMERS_OPEN_MAX)

    def figures_lane(self) -> Lane:
        """For one tenant's figures."""
        return Lane(self._pools[0])

    def catch_up_lane(self) -> Lane:
        """For reading one tenant's journal on behalf of those who lag."""
        return Lane(self._pools[1])

    def customers_lane(self) -> Lane:
        """For changes of one tenant's directory, and long reads of it."""
        return Lane(self._pools[2])

    def look_up_lane(self) -> Lane:
        """For looking up one customer at a time: a caller waits for it."""
        return Lane(self._pools[3])

    def stop(self) -> None:
        """End the threads; all that was given to their lanes has to be done."""
        for pool in self._pools:
            pool.shutdown()
