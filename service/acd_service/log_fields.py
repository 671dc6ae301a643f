"""How a log call says its facts, so that a formatter may write them for people or for programs."""

from collections.abc import Mapping
from typing import Any


def facts(private: Mapping[str, Any] | None = None, /, **public: Any) -> dict[str, Any]:
    """The `extra` of a log call.

    Args:
        private: what may hold data of customers: attributes, addresses, who is calling, or texts that quote them. It is
            written only under `log.customer_data`.
        public: ids of contacts, agents, queues, tenants and requests, kinds, numbers. None and '' are left out.

    >>> facts({"message": "unknown customer 'Ann'"}, request_id="r1", agent_id="")
    {'facts': {'request_id': 'r1'}, 'private_facts': {'message': "unknown customer 'Ann'"}}
    """
    return {
        "facts": {name: value for name, value in public.items() if value is not None and value != ""},
        "private_facts": dict(private or {}),
    }
