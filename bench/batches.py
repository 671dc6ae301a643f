"""A recorded stream as wire messages of 256 commands each, decoded, applied and answered inside compiled code."""

from typing import Self

from bench.recording import Recording

COMMANDS_PER_MESSAGE = 256


class Batches:
    """The stream as messages, and an engine of its own to take them."""

    @classmethod
    def of(cls, recording: Recording, commands: int) -> Self | None:  # noqa: ARG003
        """None as long as the service has no compiled batches."""
        return None

    @property
    def event_hash(self) -> int:
        """Of all events of the engine."""
        raise NotImplementedError

    def run(self, commands: int) -> int:
        """How long the next so many commands take: nanoseconds."""
        raise NotImplementedError
