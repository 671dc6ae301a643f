"""Checks of single values, shared by everything that a caller can send."""

from acd_core.limits import DURATION_MS_MAX, DURATION_MS_MIN, ID_BYTES_MAX
from acd_core.refusal import Reason, Refused


def check_range(value: int, low: int, high: int, field: str) -> None:
    """Refuse a whole number outside [low, high]."""
    if not low <= value <= high:
        raise Refused(Reason.OUT_OF_RANGE, field, f"{value} is out of range {low} to {high}")


def check_duration(value_ms: int, field: str, *, zero_means_none: bool = False) -> None:
    """Refuse a duration outside the bounds; 0 passes where it means that there is none."""
    if not (zero_means_none and value_ms == 0):
        check_range(value_ms, DURATION_MS_MIN, DURATION_MS_MAX, field)


def check_text(value: str, bytes_max: int, field: str) -> None:
    """Refuse text that is too long or has control characters; empty text passes."""
    if value.isascii() and value.isprintable() and len(value) <= bytes_max:
        return
    for character in value:
        if not character.isprintable() and character not in " \u3000":
            raise Refused(
                Reason.INVALID_CHARACTER, field, f"U+{ord(character):04X} is a control or unassigned character"
            )
    size = len(value.encode("utf-8"))
    if size > bytes_max:
        raise Refused(Reason.TOO_LONG, field, f"{size} bytes are more than the {bytes_max} allowed")


def check_id(value: str, field: str) -> None:
    """Refuse an id that is empty, too long or has control characters."""
    if not value:
        raise Refused(Reason.EMPTY, field, "must not be empty")
    check_text(value, ID_BYTES_MAX, field)
