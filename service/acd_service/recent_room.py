"""The room that recent events take in memory, of all tenants together: whoever has the most forgets first."""

from typing import Protocol


class Holder(Protocol):
    """What keeps recent events of one tenant."""

    recent_bytes: int

    def forget_some(self) -> None:
        """Forget the oldest part of them, at least one if there are any."""


class RecentRoom:
    """One for all tenants; used on the event loop only.

    Args:
        bytes_max: when they hold more together, those with the most forget until an eighth of it is free again, so that
            looking for them is seldom.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._holders: set[Holder] = set()
        self.held_bytes = 0

    def change(self, holder: Holder, by_bytes: int) -> None:
        """A holder has so many bytes more, or fewer; `recent_bytes` says it already."""
        self.held_bytes += by_bytes
        if by_bytes > 0:
            self._holders.add(holder)
            if self.held_bytes > self._bytes_max:
                self._make_room()
        elif not holder.recent_bytes:
            self._holders.discard(holder)

    def leave(self, holder: Holder) -> None:
        """A holder is closed: what it holds goes with it."""
        if holder in self._holders:
            self._holders.discard(holder)
            self.held_bytes -= holder.recent_bytes

    def _make_room(self) -> None:
        while self.held_bytes > self._bytes_max * 7 // 8 and self._holders:
            max(self._holders, key=lambda holder: holder.recent_bytes).forget_some()
