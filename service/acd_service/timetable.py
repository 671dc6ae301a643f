"""Which tenant's engine has something due, and when, without asking all of them each time."""

from heapq import heapify, heappop, heappush

from acd_service.seat import Seat


class Timetable:
    """When each seat has to be ticked next: its earliest timer, or a queue that opens or closes.

    Whoever changes an engine asks to `look_again` at its seat. What is due costs the logarithm of the number of seats.
    """

    def __init__(self) -> None:
        self._due_ns: dict[Seat, int | None] = {}
        self._order: dict[Seat, int] = {}
        self._heap: list[tuple[int, int, Seat]] = []
        self._places = 0

    def look_again(self, seat: Seat) -> None:
        """Note when a seat is due now; a seat not seen before takes its place."""
        due_ns = seat.due_ns()
        if seat not in self._order:
            self._places += 1
            self._order[seat] = self._places
        elif self._due_ns[seat] == due_ns:
            return
        self._due_ns[seat] = due_ns
        if due_ns is not None:
            heappush(self._heap, (due_ns, self._order[seat], seat))
            if len(self._heap) > 64 + 4 * len(self._order):
                self._drop_what_is_past()

    def rest(self, seat: Seat) -> None:
        """Nothing of the seat is due until somebody looks again: it does something that takes long."""
        if seat in self._due_ns:
            self._due_ns[seat] = None

    def forget(self, seat: Seat) -> None:
        """The seat is gone, and is never due again."""
        self._order.pop(seat, None)
        self._due_ns.pop(seat, None)

    def first_ns(self) -> int | None:
        """When the first of all is due; None if none is."""
        heap = self._heap
        while heap:
            due_ns, _, seat = heap[0]
            if self._due_ns.get(seat) == due_ns:
                return due_ns
            heappop(heap)
        return None

    def look_at_due(self, at_ns: int) -> list[Seat]:
        """The seats that are due at a time, and stay so, in no order that matters."""
        found = []
        while (first_ns := self.first_ns()) is not None and first_ns <= at_ns:
            found.append(heappop(self._heap))
        for entry in found:
            heappush(self._heap, entry)
        return list(dict.fromkeys(seat for _, _, seat in found))

    def due(self, at_ns: int) -> list[Seat]:
        """The seats that are due at a time, in the order in which they took their places; each is to be looked at
        again once it was ticked.
        """
        found = {}
        while (first_ns := self.first_ns()) is not None and first_ns <= at_ns:
            _, order, seat = heappop(self._heap)
            found[order] = seat
            self._due_ns[seat] = None
        return [found[order] for order in sorted(found)]

    def _drop_what_is_past(self) -> None:
        self._heap = [
            (due_ns, order, seat) for seat, order in self._order.items() if (due_ns := self._due_ns[seat]) is not None
        ]
        heapify(self._heap)
