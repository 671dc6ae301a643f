"""Pages of contacts and agents: bounded work for the engine and for the loop, whatever the filter finds."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from google.protobuf.message import Message

from acd_core.refusal import Reason, Refused

PAGE_SIZE_DEFAULT: Final = 1_000
PAGE_SIZE_MAX: Final = 10_000
LOOKS_MAX: Final = 100_000
"""Contacts or agents that are looked at for one page: a millisecond or so. A filter that wants few of many gets pages
that are not full."""
_ENUM_VALUES_MAX: Final = 31
_AT_ONCE: Final = 100
"""Messages made in one go."""
M = TypeVar("M", bound=Message)


class Listed(Protocol):
    """A view with its place in the order of creation."""

    @property
    def ordinal(self) -> int: ...


V = TypeVar("V", bound=Listed)
Found = tuple[Sequence[V], int, int]
"""What an engine gives for a page: the views, the ordinal of the next page or -1, and its place."""


class Page(NamedTuple):
    """What was asked for."""

    size: int
    ordinal: int
    place: int


def bits_of(values: Iterable[int]) -> int:
    """Which of an enumeration are wanted, as bits; all of them if none are named. Unknown ones find nothing."""
    wanted = set(values)
    return sum(1 << value for value in wanted if 0 <= value < _ENUM_VALUES_MAX) if wanted else -1


def page_of(request: Any, size_max: int = PAGE_SIZE_MAX, size_default: int = PAGE_SIZE_DEFAULT) -> Page:
    """The size of a page, and where it starts: at 0 if it is the first.

    Raises:
        Refused: OUT_OF_RANGE for a size beyond the bound, INVALID_VALUE for a token that no answer gave.
    """
    if request.page_size > size_max:
        raise Refused(Reason.OUT_OF_RANGE, "page_size", f"{request.page_size} is out of range 0 to {size_max}")
    size = request.page_size or size_default
    if not request.page_token:
        return Page(size, 0, -1)
    ordinal, dash, place = request.page_token.partition("-")
    parts = (ordinal, place) if dash else (ordinal,)
    if not all(part.isascii() and part.isdigit() for part in parts) or len(ordinal) > 18 or len(place) > 9:
        raise Refused(Reason.INVALID_VALUE, "page_token", "not a token that an answer gave")
    return Page(size, int(ordinal), int(place) if dash else -1)


async def messages_of(found: Found[V], bytes_max: int, message_of: Callable[[V], M]) -> tuple[list[M], str]:
    """The messages of a page, fewer than were found if they would be more than about `bytes_max`, at least one; and
    the token of the next page, empty if there is none. Others are let run in between.
    """
    views, ordinal, place = found
    messages: list[M] = []
    total = 0
    for view in views:
        message = message_of(view)
        total += message.ByteSize()
        if messages and total > bytes_max:
            return messages, str(view.ordinal)
        messages.append(message)
        if len(messages) % _AT_ONCE == 0:
            await asyncio.sleep(0)
    if ordinal < 0:
        return messages, ""
    return messages, str(ordinal) if place < 0 else f"{ordinal}-{place}"
