"""The C constants of the compiled engine are the numbers of `acd_core.enums`."""

from enum import IntEnum

import pytest

from acd_core import enums, limits, types

PREFIXES: dict[str, type[IntEnum]] = {
    "CMD": enums.CommandKind,
    "PRESENCE": enums.Presence,
    "CAUSE": enums.PresenceCause,
    "STATE": enums.ContactState,
    "OUTCOME": enums.OfferOutcome,
    "END": enums.EndCause,
    "STRATEGY": enums.Strategy,
    "MEMBERSHIP": enums.Membership,
    "CHOSEN_BY": enums.ChosenBy,
    "TIMER": enums.TimerKind,
    "EVENT": enums.EventType,
    "MATCH": enums.MatchCause,
    "STEP": enums.StepAction,
    "END_KIND": enums.EndKind,
    "CLOSING": enums.ClosingRule,
    "MOVE": enums.MoveCause,
}
READ_AS_THEY_ARE = {
    enums.TreatmentKind,
    enums.ReservationEnd,
    enums.SegmentCause,
    enums.WaitPredictor,
    enums.ServeRule,
}
"""Vocabularies that the compiled engine takes from `acd_core.enums` itself."""


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_constants_of_a_vocabulary_are_the_enum(prefix: str) -> None:
    longer = tuple(f"{other}_" for other in PREFIXES if other.startswith(f"{prefix}_"))
    mirrored = {
        name.removeprefix(f"{prefix}_"): value
        for name, value in vars(types).items()
        if name.startswith(f"{prefix}_") and not (longer and name.startswith(longer))
    }
    assert mirrored == {member.name: member.value for member in PREFIXES[prefix]}


def test_every_vocabulary_is_mirrored() -> None:
    ours = {kind for kind in vars(enums).values() if isinstance(kind, type) and issubclass(kind, IntEnum)}
    assert ours - {IntEnum} == set(PREFIXES.values()) | READ_AS_THEY_ARE


def test_arrays_by_channel_are_as_long_as_the_bound() -> None:
    assert types.CHANNELS_BOUND == limits.CHANNELS_MAX
