from collections.abc import Callable
from typing import Self, final

@final
class Texts:
    def __new__(cls, count: int, check: Callable[[str], object], plain_max: int = 0) -> Self: ...
    def get(self, content: bytes) -> str | None: ...
