from collections.abc import Callable
from typing import Final

from acd_core.requirement import Node

GENERATED_ID_PREFIX: Final = "acd:"

parse_cached: Callable[[str], Node]
parse_own_cached: Callable[[str], Node]
