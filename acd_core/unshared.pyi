from typing import Self

from acd_core.classes import Classes

class Unshared:
    @property
    def count(self) -> int: ...
    def __new__(cls, classes: Classes) -> Self: ...

def tune(shared_from: int, agent_classes_min: int, chunk_room: int) -> tuple[int, int, int]: ...
