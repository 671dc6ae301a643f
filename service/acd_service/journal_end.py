"""Whether the journal has lost its end: its chains held against the high-water marks."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from acd_service.chain import JOURNAL, NO_LINKS, Head, Link
from acd_service.high_water import Mark, owner_of

WHAT_TO_DO: Final = (
    "put the newest copy of the whole directory back, or look at what is left with `acd verify` and go on from there"
    " with `acd serve --accept-loss`"
)


class Loss(NamedTuple):
    """A chain that does not reach its mark, or is not the one that the mark is of."""

    tenant: str
    """`JOURNAL` for the journal's own; a name that begins with `?` for a tenant that is not in the journal."""
    last_seq: int
    number: int
    mark: Mark
    text: str

    def as_note(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "link": self.number,
            "last_seq": self.last_seq,
            "marked_link": self.mark.number,
            "marked_seq": self.mark.last_seq,
        }


def losses(
    heads: Mapping[str, Head], marks: Mapping[bytes, Mark], link_of: Callable[[str, int], Link | None]
) -> list[Loss]:
    """What is missing of chains that end in `heads`, by what their marks say.

    Args:
        link_of: a link of a chain, None if it is not kept.
    """
    left = dict(marks)
    found = []
    for tenant, head in heads.items():
        mark = left.pop(owner_of(tenant), None)
        if mark is None:
            continue
        whose = "the journal's own notes" if tenant == JOURNAL else f"the record of tenant {tenant}"
        if head.number < mark.number:
            text = (
                f"{whose} ends with command {head.last_seq} (link {head.number}), though command {mark.last_seq}"
                f" (link {mark.number}) was committed: the end was lost, or an older copy was put in its place"
            )
            found.append(Loss(tenant, head.last_seq, head.number, mark, text))
        else:
            marked = head if head.number == mark.number else link_of(tenant, mark.number)
            if marked is not None and marked.hash[:16] != mark.hash_start:
                text = (
                    f"{whose} is not the one that was committed: link {mark.number} (command {mark.last_seq}) differs"
                )
                found.append(Loss(tenant, head.last_seq, head.number, mark, text))
    for owner, mark in left.items():
        if owner == owner_of(JOURNAL):
            text = "the journal that the mark is of is not there any more"
        else:
            text = f"a tenant that had {mark.last_seq} commands is not there any more: the journal is an older one"
        found.append(Loss(f"?{owner.hex()}", 0, NO_LINKS.number, mark, text))
    return found
