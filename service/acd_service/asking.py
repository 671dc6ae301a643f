"""Who asks for a command, for when, and until when an answer is of use."""

from typing import Final, NamedTuple


class Asking(NamedTuple):
    at_ns: int | None = None
    """The command's time; only with a driven clock."""
    deadline: float | None = None
    """In the event loop's time; a command not yet applied by then is not applied."""
    asked_by: str = ""
    """The name of the identity whose call it is; kept with the command and its events."""
    sender: str = ""
    """With whom the room for what waits is shared out: an identity, or a connection."""


OURSELVES: Final = Asking()
"""The service itself: nobody waits, nobody is named."""
