"""A stochastic scenario: who arrives, who serves whom, for how long. Read from JSON, judged whole, immutable.

Times are in one unit of the author's choosing, rates in its inverse.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from acd_core.enums import Strategy
from acd_core.limits import (
    AGENTS_MAX,
    PRIORITY_MAX,
    QUEUES_MAX,
    SKILL_LEVEL_MAX,
    SKILL_LEVEL_MIN,
    SKILLS_PER_AGENT_MAX,
    WAITING_CONTACTS_MAX,
    WEIGHT_MAX,
)
from acd_core.roster import SkillLevel

ARRIVALS_MAX: Final = 10**10
"""Arrivals of one run: hours of work, and still exact as whole numbers everywhere."""
LAWS: Final = ("exponential", "deterministic", "lognormal")
UNITS_NS: Final = {"second": 1_000_000_000, "minute": 60_000_000_000, "hour": 3_600_000_000_000}
"""What a unit of time can be called where it has to be known, beside a policy file."""
WEIGHT_DEFAULT: Final = 100
SEED_MAX: Final = 2**64 - 1

Entry = TypeVar("Entry")


class ScenarioError(Exception):
    """A scenario that cannot be run.

    Attributes:
        field: path of the offending field, `pools[1].service_rate` for instance; empty for the file as a whole.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


@dataclass(frozen=True, slots=True)
class RateCurve:
    """A rate that is constant between the times at which it changes; the last one holds for ever."""

    starts: tuple[float, ...]
    """When each rate begins; the first at 0, increasing."""
    rates: tuple[float, ...]

    def expected(self, until: float) -> float:
        """Expected number of points of a Poisson process with this rate in [0, until]."""
        total = 0.0
        for index, rate in enumerate(self.rates):
            end = self.starts[index + 1] if index + 1 < len(self.starts) else math.inf
            if rate > 0 and until > self.starts[index]:
                total += rate * (min(end, until) - self.starts[index])
        return total


@dataclass(frozen=True, slots=True)
class ContactType:
    arrival_rate: RateCurve
    patience_rate: RateCurve
    """Rate at which a waiting contact gives up; 0 for never."""
    priority: int
    score_rate: float
    credit: float
    """Points of score at arrival: what waiting for one unit of time gives at a score rate of 1."""
    queue_id: str
    """The queue of a policy file that it waits in; `type` and its number unless given."""


@dataclass(frozen=True, slots=True)
class Pool:
    servers: int
    service_rate: RateCurve
    law: str
    cv2: float
    """Squared coefficient of variation of the service time; used by the lognormal law alone."""
    level: int
    """Its agents' level in the skills of the types that they serve."""
    weight: int
    """Of each of its agents, under the strategy `weighted`."""
    skills: tuple[SkillLevel, ...]
    """Further skills of its agents, for the requirements of a policy file."""


@dataclass(frozen=True, slots=True)
class Tail:
    """A time in `tails`, with the text that the file had for it."""

    text: str
    time: float


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    seed: int
    arrivals: int
    """Arrivals of all types together, those of the warm-up included."""
    warmup: int
    """The first so many arrivals count for no figure."""
    types: tuple[ContactType, ...]
    pools: tuple[Pool, ...]
    serves: tuple[tuple[bool, ...], ...]
    """`serves[type][pool]`"""
    strategy: Strategy
    max_waiting: int | None
    tails: tuple[Tail, ...]
    unit: str
    """A key of `UNITS_NS`, or empty: any."""

    def expected_arrivals(self) -> float:
        """How many arrivals the run can be expected to see: `arrivals`, or fewer if all rates end at 0."""
        ever = sum(contact_type.arrival_rate.expected(math.inf) for contact_type in self.types)
        return min(float(self.arrivals), ever)


class _WrittenFloat(float):
    """A number with the text that the file had for it."""

    text: str

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number


def load_scenario(path: Path) -> Scenario:
    """The scenario in a JSON file.

    Raises:
        ScenarioError: it cannot be read, is not JSON, or describes no scenario; names the file's line or the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError("", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError("", f"is not UTF-8 text (byte {error.start})") from None
    return parse_scenario(text)


def parse_scenario(text: str) -> Scenario:
    """The scenario that a JSON text describes.

    Raises:
        ScenarioError: as `load_scenario`.
    """
    try:
        raw = json.loads(
            text, parse_float=_WrittenFloat, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats
        )
    except json.JSONDecodeError as error:
        raise ScenarioError("", f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ScenarioError("", "is nested too deeply") from None
    except ValueError as error:
        raise ScenarioError("", str(error)) from None
    return _scenario(raw)


def _refuse_constant(word: str) -> Any:
    raise ScenarioError("", f"{word} is not a number in JSON")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ScenarioError("", f'the key "{key}" appears twice in one object')
        result[key] = value
    return result


def _scenario(raw: Any) -> Scenario:
    fields = _object(raw, "", required=("arrivals", "types", "pools", "serves"),
                     optional=("name", "seed", "warmup", "strategy", "max_waiting", "tails", "unit"))  # fmt: skip
    arrivals = _whole(fields["arrivals"], "arrivals", 1, ARRIVALS_MAX)
    warmup = _whole(fields.get("warmup", 0), "warmup", 0, ARRIVALS_MAX)
    if warmup >= arrivals:
        raise ScenarioError("warmup", f"{warmup} leaves none of the {arrivals} arrivals to count")
    limit = fields.get("max_waiting")
    types = _entries(fields["types"], "types", QUEUES_MAX, _contact_type)
    types = tuple(t if t.queue_id else replace(t, queue_id=f"type{index}") for index, t in enumerate(types))
    pools = _entries(fields["pools"], "pools", AGENTS_MAX, _pool)
    if sum(pool.servers for pool in pools) > AGENTS_MAX:
        raise ScenarioError("pools", f"there are more than {AGENTS_MAX} servers in all")
    if not any(rate > 0 for contact_type in types for rate in contact_type.arrival_rate.rates):
        raise ScenarioError("types", "no type has an arrival rate above 0")
    scenario = Scenario(
        name=_text(fields.get("name", ""), "name"),
        seed=_whole(fields.get("seed", 1), "seed", 0, SEED_MAX),
        arrivals=arrivals,
        warmup=warmup,
        types=types,
        pools=pools,
        serves=_serves(fields["serves"], len(types), len(pools)),
        strategy=_strategy(fields.get("strategy", "longest_idle")),
        max_waiting=None if limit is None else _whole(limit, "max_waiting", 0, WAITING_CONTACTS_MAX),
        tails=_tails(fields.get("tails", [])),
        unit=_word(fields.get("unit", ""), "unit", ("", *UNITS_NS)),
    )
    for index, row in enumerate(scenario.serves):
        if not any(row) and scenario.types[index].patience_rate.rates[-1] == 0:
            raise ScenarioError(f"serves[{index}]", "no pool serves this type and it never gives up")
    return scenario


def _contact_type(raw: Any, path: str) -> ContactType:
    optional = ("patience_rate", "priority", "score_rate", "credit", "queue")
    fields = _object(raw, path, required=("rate",), optional=optional)
    return ContactType(
        arrival_rate=_curve(fields["rate"], f"{path}.rate"),
        patience_rate=_curve(fields.get("patience_rate", 0), f"{path}.patience_rate"),
        priority=_whole(fields.get("priority", 0), f"{path}.priority", -PRIORITY_MAX, PRIORITY_MAX),
        score_rate=_number(fields.get("score_rate", 1), f"{path}.score_rate", minimum=0),
        credit=_number(fields.get("credit", 0), f"{path}.credit"),
        queue_id=_text(fields.get("queue", ""), f"{path}.queue"),
    )


def _pool(raw: Any, path: str) -> Pool:
    optional = ("service", "cv2", "level", "weight", "skills")
    fields = _object(raw, path, required=("servers", "service_rate"), optional=optional)
    curve = _curve(fields["service_rate"], f"{path}.service_rate")
    if curve.rates[-1] == 0:
        raise ScenarioError(f"{path}.service_rate", "a service that began would never end: the last rate is 0")
    law = fields.get("service", "exponential")
    if law not in LAWS:
        raise ScenarioError(f"{path}.service", f"{_shown(law)} is none of {', '.join(LAWS)}")
    if law == "lognormal" and "cv2" not in fields:
        raise ScenarioError(f"{path}.cv2", "a lognormal service needs its squared coefficient of variation")
    if law != "lognormal" and "cv2" in fields:
        raise ScenarioError(f"{path}.cv2", f"only a lognormal service has it, this one is {law}")
    return Pool(
        servers=_whole(fields["servers"], f"{path}.servers", 1, AGENTS_MAX),
        service_rate=curve,
        law=law,
        cv2=_number(fields.get("cv2", 0), f"{path}.cv2", minimum=0),
        level=_whole(fields.get("level", 1), f"{path}.level", SKILL_LEVEL_MIN, SKILL_LEVEL_MAX),
        weight=_whole(fields.get("weight", WEIGHT_DEFAULT), f"{path}.weight", 1, WEIGHT_MAX),
        skills=_skills(fields.get("skills", {}), f"{path}.skills"),
    )


def _skills(raw: Any, path: str) -> tuple[SkillLevel, ...]:
    if not isinstance(raw, dict):
        raise ScenarioError(path, "must be an object from skills to levels")
    return tuple(
        SkillLevel(skill, _whole(level, f'{path}["{skill}"]', SKILL_LEVEL_MIN, SKILL_LEVEL_MAX))
        for skill, level in sorted(raw.items())
    )


def _curve(raw: Any, path: str) -> RateCurve:
    if not isinstance(raw, dict):
        return RateCurve((0.0,), (_number(raw, path, minimum=0),))
    fields = _object(raw, path, required=("t", "rate"))
    for name in ("t", "rate"):
        if not isinstance(fields[name], list) or not fields[name]:
            raise ScenarioError(f"{path}.{name}", "must be a list of at least one number")
    starts = tuple(_number(t, f"{path}.t[{i}]", minimum=0) for i, t in enumerate(fields["t"]))
    rates = tuple(_number(rate, f"{path}.rate[{i}]", minimum=0) for i, rate in enumerate(fields["rate"]))
    if len(starts) != len(rates):
        raise ScenarioError(f"{path}.rate", f"{len(rates)} rates for {len(starts)} times")
    if starts[0] != 0:
        raise ScenarioError(f"{path}.t[0]", "the first rate begins at 0")
    for index in range(1, len(starts)):
        if starts[index] <= starts[index - 1]:
            raise ScenarioError(f"{path}.t[{index}]", "the times must increase")
    return RateCurve(starts, rates)


def _serves(raw: Any, types: int, pools: int) -> tuple[tuple[bool, ...], ...]:
    if not isinstance(raw, list) or len(raw) != types:
        raise ScenarioError("serves", f"must be a list of {types} rows, one for each type")
    for i, row in enumerate(raw):
        if not isinstance(row, list) or len(row) != pools:
            raise ScenarioError(f"serves[{i}]", f"must be a list of {pools} entries, one for each pool")
        for p, entry in enumerate(row):
            _whole(entry, f"serves[{i}][{p}]", 0, 1)
    for p in range(pools):
        if sum(row[p] for row in raw) > SKILLS_PER_AGENT_MAX:
            raise ScenarioError("serves", f"pool {p} serves more than {SKILLS_PER_AGENT_MAX} types")
    return tuple(tuple(entry == 1 for entry in row) for row in raw)


def _strategy(raw: Any) -> Strategy:
    strategy = next((s for s in Strategy if s.name.lower() == raw), None)
    if strategy is None:
        names = ", ".join(sorted(s.name.lower() for s in Strategy if s is not Strategy.BROADCAST))
        raise ScenarioError("strategy", f"{_shown(raw)} is none of {names}")
    if strategy is Strategy.BROADCAST:
        raise ScenarioError("strategy", "broadcast makes offers, and the agents of a simulation take contacts at once")
    return strategy


def _tails(raw: Any) -> tuple[Tail, ...]:
    if not isinstance(raw, list):
        raise ScenarioError("tails", "must be a list of times")
    tails: list[Tail] = []
    for index, entry in enumerate(raw):
        time = _number(entry, f"tails[{index}]", minimum=0)
        text = entry.text if isinstance(entry, _WrittenFloat) else str(entry)
        if any(tail.text == text for tail in tails):
            raise ScenarioError(f"tails[{index}]", f"{text} appears twice")
        tails.append(Tail(text, time))
    return tuple(tails)


def _entries(raw: Any, path: str, most: int, read: Callable[[Any, str], Entry]) -> tuple[Entry, ...]:
    if not isinstance(raw, list) or not raw:
        raise ScenarioError(path, "must be a list of at least one object")
    if len(raw) > most:
        raise ScenarioError(path, f"{len(raw)} entries are more than the {most} allowed")
    return tuple(read(entry, f"{path}[{index}]") for index, entry in enumerate(raw))


def _object(raw: Any, path: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise ScenarioError(path, "must be an object")
    prefix = f"{path}." if path else ""
    for key in raw:
        if key not in required and key not in optional:
            known = ", ".join((*required, *optional))
            raise ScenarioError(f"{prefix}{key}", f"is not a field here; known are {known}")
    for key in required:
        if key not in raw:
            raise ScenarioError(f"{prefix}{key}", "is missing")
    return raw


def _number(raw: Any, path: str, minimum: float = -math.inf) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ScenarioError(path, f"must be a number, not {_shown(raw)}")
    try:
        number = float(raw)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ScenarioError(path, "is too large")
    if number < minimum:
        raise ScenarioError(path, f"{number:g} is below {minimum:g}")
    return number


def _whole(raw: Any, path: str, low: int, high: int) -> int:
    number = _number(raw, path)
    if number != int(number):
        raise ScenarioError(path, f"must be a whole number, not {number:g}")
    whole = raw if isinstance(raw, int) else int(number)
    if not low <= whole <= high:
        raise ScenarioError(path, f"{whole} is out of range {low} to {high}")
    return whole


def _word(raw: Any, path: str, words: Sequence[str]) -> str:
    if raw not in words:
        raise ScenarioError(path, f"{_shown(raw)} is none of {', '.join(word for word in words if word)}")
    return str(raw)


def _text(raw: Any, path: str) -> str:
    if not isinstance(raw, str):
        raise ScenarioError(path, f"must be a text, not {_shown(raw)}")
    return raw


def _shown(raw: Any) -> str:
    text = json.dumps(raw)
    return text if len(text) <= 40 else f"{text[:37]}…"
