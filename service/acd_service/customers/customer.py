"""What is known of a customer. Immutable, valid by construction, and as text for the directory's file."""

import json
import re
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, Final, NamedTuple

from acd_core.checks import check_id, check_range, check_text
from acd_core.limits import CREDIT_MS_MAX, ID_BYTES_MAX, PREFERRED_AGENTS_MAX, PRIORITY_MAX
from acd_core.refusal import Reason, Refused
from acd_core.requirement import parse

ADDRESSES_MAX: Final = 64
ATTRIBUTE_BYTES_MAX: Final = 8_192
"""Of keys and values: half of what a contact may have, so that there is room for its own."""

_PHONE = re.compile(r"\+[1-9][0-9]{1,14}")
_SEPARATORS = re.compile(r"[\s().\-/]")


class AddressKind(IntEnum):
    PHONE = 1
    MAIL = 2
    HANDLE = 3


class Address(NamedTuple):
    kind: AddressKind
    value: str

    @property
    def key(self) -> str:
        """What the directory finds it by: mail addresses do not care about case."""
        return self.value.lower() if self.kind is AddressKind.MAIL else self.value


def lookup_keys(address: str) -> tuple[str, ...]:
    """The keys under which an address that a gateway gave may stand, the exact one first.

    >>> lookup_keys("+34 911-234 567")
    ('+34 911-234 567', '+34911234567')
    >>> lookup_keys("Ann@Example.org")
    ('Ann@Example.org', 'ann@example.org')
    """
    keys = [address]
    if address.startswith("+"):
        keys.append(_SEPARATORS.sub("", address))
    elif "@" in address:
        keys.append(address.lower())
    return tuple(dict.fromkeys(keys))


@dataclass(frozen=True, slots=True)
class Customer:
    """Raises `Refused`, naming the field (`addresses[2].value`), if a value is out of its bounds."""

    customer_id: str
    display_name: str = ""
    addresses: tuple[Address, ...] = ()
    priority: int = 0
    """Added to that of its contacts."""
    credit_ms: int = 0
    """Added to that of its contacts."""
    requirement: str = ""
    """Joined to that of its contacts by `and`."""
    preferred_agent_ids: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    """In order of their names; a contact's own win."""

    def __post_init__(self) -> None:
        check_id(self.customer_id, "customer_id")
        check_text(self.display_name, ID_BYTES_MAX, "display_name")
        self._check_addresses()
        check_range(self.priority, -PRIORITY_MAX, PRIORITY_MAX, "priority")
        check_range(self.credit_ms, -CREDIT_MS_MAX, CREDIT_MS_MAX, "credit_ms")
        try:
            parse(self.requirement)
        except Refused as refused:
            raise refused.within("requirement") from None
        agents = self.preferred_agent_ids
        if len(agents) > PREFERRED_AGENTS_MAX:
            text = f"{len(agents)} agents are more than the {PREFERRED_AGENTS_MAX} allowed"
            raise Refused(Reason.TOO_MANY, "preferred_agent_ids", text)
        for index, agent_id in enumerate(agents):
            check_id(agent_id, f"preferred_agent_ids[{index}]")
        if len(set(agents)) != len(agents):
            raise Refused(Reason.DUPLICATE_ENTRY, "preferred_agent_ids", "an agent appears more than once")
        self._check_attributes()

    def _check_addresses(self) -> None:
        if len(self.addresses) > ADDRESSES_MAX:
            text = f"{len(self.addresses)} addresses are more than the {ADDRESSES_MAX} allowed"
            raise Refused(Reason.TOO_MANY, "addresses", text)
        keys: set[str] = set()
        for index, address in enumerate(self.addresses):
            field = f"addresses[{index}].value"
            check_id(address.value, field)
            if address.kind is AddressKind.PHONE and not _PHONE.fullmatch(address.value):
                text = f'"{address.value}" is no number in E.164 form, like +34911234567'
                raise Refused(Reason.INVALID_VALUE, field, text)
            if address.kind is AddressKind.MAIL and "@" not in address.value:
                raise Refused(Reason.INVALID_VALUE, field, f'"{address.value}" is no mail address: it has no @')
            if address.key in keys:
                raise Refused(Reason.DUPLICATE_ENTRY, field, f'"{address.value}" appears more than once')
            keys.add(address.key)

    def _check_attributes(self) -> None:
        size = 0
        for name, value in self.attributes:
            if not name:
                raise Refused(Reason.EMPTY, "attributes", "an attribute needs a name")
            size += len(name.encode("utf-8", "surrogatepass")) + len(value.encode("utf-8", "surrogatepass"))
        if size > ATTRIBUTE_BYTES_MAX:
            text = f"{size} bytes are more than the {ATTRIBUTE_BYTES_MAX} allowed"
            raise Refused(Reason.TOO_LONG, "attributes", text)
        object.__setattr__(self, "attributes", tuple(sorted(dict(self.attributes).items())))

    def to_text(self) -> str:
        """As JSON; equal customers have equal texts."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "Customer":
        """The customer of `to_text`."""
        raw: dict[str, Any] = json.loads(text)
        raw["addresses"] = tuple(Address(AddressKind(kind), value) for kind, value in raw["addresses"])
        raw["preferred_agent_ids"] = tuple(raw["preferred_agent_ids"])
        raw["attributes"] = tuple((name, value) for name, value in raw["attributes"])
        return cls(**raw)
