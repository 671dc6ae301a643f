from typing import Self

from acd_core.skills import Skills

class Classes:
    def __new__(cls, skills: Skills) -> Self: ...
