"""What is set for one tenant: its name and its quotas."""

import re
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from acd_core.limits import Limits

TENANT_DEFAULT: Final = "default"
"""Always there: whose callers without credentials are."""
QUOTA_MAX: Final = 2**31 - 1
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
"""What any file system takes as the name of a file, whoever chose it."""


class BadTenant(ValueError):
    """A tenant that cannot be; `field` is what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def check_name(name: object) -> str:
    """The name, which is good.

    Raises:
        BadTenant: it is not.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise BadTenant("name", f"{name!r} is not 1 to 63 of A-Z a-z 0-9 _ . - that begin with a letter or a digit")
    return name


@dataclass(frozen=True, slots=True)
class Quotas:
    """What a tenant may have of what is bounded; 0 for no bound but the service's own.

    Raises:
        BadTenant: naming the quota that cannot be.
    """

    agents_max: int = 0
    waiting_max: int = 0
    """Contacts that wait or are offered."""
    queues_max: int = 0
    commands_per_s: int = 0
    """Commands of callers, on average; as many may come at once after a second without any."""
    subscribers_max: int = 0
    """Streams of events."""
    streams_max: int = 0
    """Streams of any kind, those of events among them."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= QUOTA_MAX:
                raise BadTenant(entry.name, f"{value!r} is no whole number from 0 to {QUOTA_MAX}")

    @classmethod
    def of(cls, raw: Any) -> Self:
        """The quotas in a mapping by name.

        Raises:
            BadTenant: one is unknown or cannot be.
        """
        if raw is None:
            raw = {}
        if not isinstance(raw, dict):
            raise BadTenant("quotas", "quotas by name are expected")
        known = {entry.name for entry in fields(cls)}
        for name in raw:
            if name not in known:
                raise BadTenant(str(name), f"there is no such quota; there are {', '.join(sorted(known))}")
        return cls(**raw)

    @property
    def limits(self) -> Limits:
        """Those that the engine keeps."""
        own = Limits()
        return Limits(
            agents=min(self.agents_max or own.agents, own.agents),
            waiting_contacts=min(self.waiting_max or own.waiting_contacts, own.waiting_contacts),
            queues=min(self.queues_max or own.queues, own.queues),
        )
