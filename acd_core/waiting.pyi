from typing import Self

from acd_core.classes import Classes

class Waiting:
    @property
    def count(self) -> int: ...
    def __new__(cls, classes: Classes) -> Self: ...
