"""What a service keeps does not grow with its age, and what it keeps is right."""

from dataclasses import asdict
from itertools import pairwise

import pytest
from long_life.month import Evening, SmallCentre, settings, simulated

from acd_service.engine_interface import engine_maker
from acd_service.journal_sqlite import SqliteJournal
from acd_service.recovery import recover
from acd_service.verify import verify

WAL_BYTES_MAX = 20 * 2**20
BYTES_A_COMMAND = 1_500
"""Of the journal, with its events, links and half-empty pages: about 700 are seen."""


class Grown(AssertionError):
    """Something is not bounded."""


def live(folder, days, contacts_a_day, **given):
    """What there was each evening; the house is down again then, and holds what the journal says."""
    config = settings(folder, **given)
    with simulated() as loop:
        centre = SmallCentre(config, loop, 1, contacts_a_day)
        evenings = loop.run_until_complete(centre.live(days))
        assert not loop.problems
        assert not any(centre.monitor.figures().values())
        digest = centre.seat.engine.state_digest()
        centre.close()
    journal = SqliteJournal.open_to_read(folder)
    assert recover(journal, "default", engine_maker("compiled")).engine.state_digest() == digest
    report = verify(folder)
    assert report.problem == ""
    assert report.oldest_seq == evenings[-1].commands - evenings[-1].commands_kept + 1
    return evenings


def check_bounded(evenings: list[Evening], settled_day: int) -> None:
    """From the day on which all that is kept for a while has been forgotten for the first time."""
    settled = evenings[settled_day:]
    a_day = max(later.commands - day.commands for day, later in pairwise(evenings))
    for evening in settled:
        if evening.commands_kept > 3.2 * a_day:
            raise Grown(f"commands are kept for more than three days: {evening}")
        if evening.events_kept > 3.2 * 1.5 * a_day:
            raise Grown(f"events are kept for more than three days: {evening}")
        if evening.journal_bytes > WAL_BYTES_MAX + BYTES_A_COMMAND * evening.commands_kept:
            raise Grown(f"the files are larger than what is in them: {evening}")
        if evening.snapshots > 2:
            raise Grown(f"too many snapshots: {evening}")
        if evening.open_files > settled[0].open_files + 2 or evening.tasks > settled[0].tasks + 5:
            raise Grown(f"files or tasks are not let go: {evening}")


def test_a_few_days_are_bounded_by_what_is_kept(tmp_path):
    evenings = live(tmp_path, 4, 300, journal_kept_days=1.0, snapshot_every_h=6.0)
    check_bounded(evenings, 2)
    assert evenings[-1].commands_kept < evenings[-1].commands / 2
    assert evenings[-1].snapshots == 2


def test_without_retention_the_bounds_do_not_hold(tmp_path):
    evenings = live(tmp_path, 4, 100, journal_kept_days=0.0, snapshot_every_h=6.0)
    assert evenings[-1].commands_kept == evenings[-1].commands
    with pytest.raises(Grown, match="commands are kept"):
        check_bounded(evenings, 3)


def test_the_journal_stays_below_a_size(tmp_path):
    bytes_max = 600_000
    evenings = live(tmp_path, 3, 300, journal_kept_days=0.0, journal_bytes_max=bytes_max, snapshot_every_h=2.0)
    assert evenings[-1].commands * 400 > 2 * bytes_max, "there was too little to forget"
    database = (tmp_path / "journal.sqlite").stat().st_size
    # What came after the older of the two snapshots stays, and so does a piece of the next.
    assert database < bytes_max + 1_500 * 700


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_a_month_is_bounded(tmp_path):
    """Long enough for all that is remembered to be forgotten: request ids, agents who left, policies' contacts."""
    evenings = live(tmp_path, 30, 1_200)
    check_bounded(evenings, 5)
    assert evenings[-1].commands > 120_000, "the engine's memory of requests was never full"
    full = [evening.state_bytes for evening in evenings if evening.commands > 105_000]
    assert max(full) < 1.03 * min(full), asdict(evenings[-1])
    assert evenings[-1].policies == 5
