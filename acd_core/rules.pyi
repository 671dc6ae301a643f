from typing import Self

from acd_core.classes import Classes
from acd_core.policy import Policy
from acd_core.skills import Skills

class Rules:
    @property
    def policy(self) -> Policy: ...
    @property
    def version(self) -> int: ...
    def __new__(cls, skills: Skills, classes: Classes) -> Self: ...
