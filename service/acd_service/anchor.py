"""Where the chains of a journal end, to be kept elsewhere: later it tells a journal that goes on from there from one
whose end was cut off or written anew, which no look at the journal alone can.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from acd_service.chain import JOURNAL
from acd_service.chain_rows import oldest_link, read_head, read_link, read_links
from acd_service.journal_reader import JournalReader

_FORMAT: Final = 1
_LINKS_AT_ONCE: Final = 512


class BadAnchor(ValueError):
    """Text that is no anchor."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """The end of a chain, once."""

    link: int
    hash: str
    seq: int
    event_seq: int


def anchor_text(heads: Mapping[str, Mapping[str, Any]]) -> str:
    """An anchor of `VerifyReport.heads`: one line of JSON."""
    return json.dumps({"acd_anchor": _FORMAT, "chains": heads}, sort_keys=True, ensure_ascii=False)


def read_anchor(text: str) -> dict[str, Anchored]:
    """What `anchor_text` gave, by tenant.

    Raises:
        BadAnchor: it is something else.
    """
    try:
        content = json.loads(text)
        if content["acd_anchor"] != _FORMAT:
            raise BadAnchor(f"anchor of format {content['acd_anchor']}, this program reads format {_FORMAT}")
        anchor = {str(tenant): Anchored(**end) for tenant, end in content["chains"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise error if isinstance(error, BadAnchor) else BadAnchor(f"not an anchor: {error!r}") from None
    for tenant, end in anchor.items():
        numbers = (end.link, end.seq, end.event_seq)
        if not isinstance(end.hash, str) or not all(type(number) is int and 0 <= number < 2**63 for number in numbers):
            raise BadAnchor(f"not an anchor: the end of {tenant!r} cannot be read")
    return anchor


def differences(journal: JournalReader, anchor: Mapping[str, Anchored]) -> Iterator[str]:
    """How a journal whose chains hold is not one that goes on from the anchor; nothing if it does.

    A tenant that was removed since, as the chain of the journal says, is no difference. Of a link that was forgotten
    since, nothing can be said but that the chain goes back to where it was cut.
    """
    if anchor and not journal.has_chain:
        yield "the journal is of a format before the chain: an older copy"
        return
    removed = _removed_since(journal, anchor) if anchor else set()
    for tenant, end in anchor.items():
        whose = "the journal's own chain" if tenant == JOURNAL else f"tenant {tenant}"
        if tenant in removed:
            continue
        with journal.reading() as reader:
            head, oldest = read_head(reader, tenant), oldest_link(reader, tenant)
            link = read_link(reader, tenant, end.link)
        if head.number < 0:
            yield f"{whose}: there is nothing of it any more"
        elif head.number < end.link:
            yield (
                f"{whose}: ends with command {head.last_seq} (link {head.number}), before the anchor's"
                f" {end.seq} (link {end.link}): its end was cut off"
            )
        elif link is None and end.link >= oldest:
            yield f"{whose}: link {end.link} is missing"
        elif link is not None and link.hash.hex() != end.hash:
            yield f"{whose}: link {end.link} (command {end.seq}) is not the anchor's: it was written anew"


def _removed_since(journal: JournalReader, anchor: Mapping[str, Anchored]) -> set[str]:
    number = anchor[JOURNAL].link + 1 if JOURNAL in anchor else 0
    removed: set[str] = set()
    while True:
        with journal.reading() as reader:
            links = read_links(reader, JOURNAL, number, _LINKS_AT_ONCE)
        if not links:
            return removed
        removed |= {
            note["removed"]["tenant"] for note in (json.loads(link.note) for link in links) if "removed" in note
        }
        number = links[-1].number + 1
