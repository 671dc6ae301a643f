from collections.abc import Callable
from typing import final

@final
class Texts:
    def __init__(self, count: int, check: Callable[[str], object]) -> None: ...
    def get(self, content: bytes) -> str | None: ...
