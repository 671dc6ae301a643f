"""The arithmetic of `least_occupied`: its recorded values, and how near they are to the truth."""

import json
import math
from pathlib import Path

from acd_core import fixed_point as fp
from acd_core.limits import AT_NS_MAX, DURATION_MS_MAX, OCCUPANCY_TIME_CONSTANT_MS_MIN

GOLDEN = Path(__file__).parent.parent / "golden" / "occupancy.json"

SECOND_NS = 10**9
MS = 1_000
HALF_HOUR_MS = 1_800 * MS
DAY_NS = 86_400 * SECOND_NS
ORIGIN_NS = 1_600_000_000 * SECOND_NS


def story() -> list[int]:
    """The key of an agent through a day of busy and idle stretches of many lengths, under three time constants."""
    keys, now_ns, key, constant_ms = [], ORIGIN_NS, fp.OCCUPANCY_NONE, HALF_HOUR_MS
    for turn in range(60):
        busy_ns, idle_ns = (turn * 7_919 % 601 + 1) * SECOND_NS, (turn * 104_729 % 1_801) * SECOND_NS + turn
        key = fp.key_after_busy(key, now_ns, now_ns + busy_ns, constant_ms)
        keys.append(key)
        now_ns += busy_ns + idle_ns
        if turn in (19, 39):
            other_ms = (OCCUPANCY_TIME_CONSTANT_MS_MIN, DURATION_MS_MAX)[turn // 20 - 1]
            key = fp.key_under(key, now_ns, constant_ms, other_ms)
            constant_ms = other_ms
            keys.append(key)
    return keys


def values() -> dict[str, list[int]]:
    return {
        "exp2": list(fp.EXP2),
        "log2": list(fp.LOG2),
        "pow2_of": [fp.pow2(n) for n in range(0, 32 * fp.ONE, 123_456_789)],
        "log2_of": [fp.log2(n) for n in range(1, fp.ONE + 1, 7_654_321)],
        "time_units": [
            fp.time_units(at_ns, constant_ms)
            for at_ns in (1, SECOND_NS, ORIGIN_NS, AT_NS_MAX)
            for constant_ms in (OCCUPANCY_TIME_CONSTANT_MS_MIN, HALF_HOUR_MS, DURATION_MS_MAX)
        ],
        "story": story(),
    }


def test_the_recorded_values() -> None:
    assert values() == json.loads(GOLDEN.read_text())


def test_everything_fits_in_64_bits() -> None:
    most = fp.time_units(AT_NS_MAX, OCCUPANCY_TIME_CONSTANT_MS_MIN)
    assert most - fp.OCCUPANCY_NONE < 2**63
    assert min(story()) > fp.OCCUPANCY_NONE


def test_the_tables_are_within_one_unit_of_the_truth() -> None:
    for index in range(1025):
        assert abs(fp.EXP2[index] - 2 ** (-index / 1024) * fp.ONE) < 1
        assert abs(fp.LOG2[index] - math.log2(1 + index / 1024) * fp.ONE) < 1


def test_pow2_and_log2_undo_each_other() -> None:
    for value in range(1_000_000, fp.ONE, 9_999_991):
        assert abs(fp.pow2(-fp.log2(value)) - value) <= value // 2**20


def test_a_share_is_the_exponentially_weighted_average() -> None:
    """Busy for a, idle for b: x = (1 - e^(-a/c)) e^(-b/c)."""
    constant_ms = HALF_HOUR_MS
    for busy_s, idle_s in ((1, 0), (180, 60), (3_600, 600), (86_400, 3)):
        end_ns = ORIGIN_NS + busy_s * SECOND_NS
        key = fp.key_after_busy(fp.OCCUPANCY_NONE, ORIGIN_NS, end_ns, constant_ms)
        share = fp.share(key, end_ns + idle_s * SECOND_NS, constant_ms) / fp.ONE
        truth = (1 - math.exp(-busy_s * MS / constant_ms)) * math.exp(-idle_s * MS / constant_ms)
        assert abs(share - truth) < 1e-6


def test_the_order_of_two_idle_agents_stands_still() -> None:
    now_ns = ORIGIN_NS
    one = fp.key_after_busy(fp.OCCUPANCY_NONE, now_ns, now_ns + 60 * SECOND_NS, HALF_HOUR_MS)
    other = fp.key_after_busy(fp.OCCUPANCY_NONE, now_ns, now_ns + 61 * SECOND_NS, HALF_HOUR_MS)
    assert one < other
    later = [fp.share(key, now_ns + DAY_NS // 8, HALF_HOUR_MS) for key in (one, other)]
    assert later == sorted(later)
