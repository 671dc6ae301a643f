"""When each API key was shown last, to the minute or so, for whoever wonders whether a key is still needed."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any


class KeyUse:
    """Keeps the times in a file. It is a remark, not a record: lost, it begins anew.

    Args:
        path: made when there is something to say.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._used_at_s = read_key_use(path)

    def note(self, used: Collection[str], there_are: Collection[str], now_s: int) -> None:
        """Keep that keys were used, and forget those that are no more.

        Raises:
            OSError: the file cannot be written.
        """
        if not used:
            return
        noted = self._used_at_s | dict.fromkeys(used, now_s)
        self._used_at_s = {key_id: at_s for key_id, at_s in noted.items() if key_id in there_are}
        made = self._path.with_suffix(".new")
        made.write_text(json.dumps(self._used_at_s, indent=1))
        made.replace(self._path)


def read_key_use(path: Path) -> dict[str, int]:
    """Seconds since the Unix epoch by key ID; empty if there is no such file or it is damaged."""
    try:
        document: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {key_id: at_s for key_id, at_s in document.items() if type(at_s) is int and 0 <= at_s < 2**53}
