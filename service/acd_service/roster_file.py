"""Agents as CSV or JSON lines, for people and for workforce systems, read and written row by row.

CSV has a header; its columns are, in any order:

    agent_id        the only one that is needed
    display_name    a name for people
    skills          spanish=60;billing=100
    capacity        100 if empty
    channel_maxima  chat=3;mail=5
    memberships     sales=0;support=1:20      queue=tier, or queue=tier:position

A name that has one of `; = : "` in it, or a space at its end, stands in double quotes: `"a;b"=1`; a double quote in it
is doubled. JSON lines have an object in each line with the same keys: skills and channel_maxima are objects,
memberships a list of {"queue_id", "tier", "position"}.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_service.row_file import BadRow, RefusedRow, csv_rows, refused_row, text_rows

COLUMNS: Final = ("agent_id", "display_name", "skills", "capacity", "channel_maxima", "memberships")
_MEMBERSHIP_KEYS: Final = ("queue_id", "tier", "position")
_CAPACITY_DEFAULT: Final = 100
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
_ENTRY = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^;=:"]*?))\s*=\s*(?P<value>[^;"]*?)\s*(?:;|$)')
_NEEDS_QUOTES = re.compile(r'[;=:"]|^\s|\s$')


@dataclass(frozen=True, slots=True)
class Row:
    """An agent, and the line that it came from."""

    line: int
    agent: AgentSpec


def open_agents(path: Path) -> TextIO:
    """Open a file for `read_agents`. What is not UTF-8 is refused where it stands, as an invalid character."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def read_agents(file: TextIO, *, json_lines: bool) -> Iterator[Row | RefusedRow]:
    """The agents of a file (see `open_agents`), one at a time; bad rows are given as refused.

    An agent that appeared before is refused as DUPLICATE_ENTRY. A CSV header that cannot be used is the only row given.
    """
    seen: dict[str, int] = {}
    for line, content in text_rows(file) if json_lines else csv_rows(file, "agent_id", COLUMNS):
        try:
            if isinstance(content, BadRow):
                raise content
            agent = _of_object(_parsed(content)) if isinstance(content, str) else _of_cells(content)
            earlier = seen.setdefault(agent.agent_id, line)
            if earlier != line:
                raise BadRow("agent_id", Reason.DUPLICATE_ENTRY, f'"{agent.agent_id}" was in line {earlier} before')
            yield Row(line, agent)
        except (Refused, BadRow) as refused:
            yield refused_row(line, refused.field, refused.reason, refused.message)


def write_agents(agents: Iterable[AgentSpec], file: TextIO, *, json_lines: bool) -> int:
    """Write agents so that `read_agents` gives the same ones; returns how many."""
    count = 0
    writer = csv.writer(file, lineterminator="\n")
    if not json_lines:
        writer.writerow(COLUMNS)
    for agent in agents:
        if json_lines:
            file.write(json.dumps(_as_object(agent), ensure_ascii=False) + "\n")
        else:
            writer.writerow(_as_row(agent))
        count += 1
    return count


def _of_cells(cells: Mapping[str, str]) -> AgentSpec:
    capacity = cells.get("capacity", "").strip()
    return AgentSpec(
        cells["agent_id"],
        tuple(SkillLevel(name, _number(value, f'skills["{name}"]')) for name, value in _pairs(cells, "skills")),
        _number(capacity, "capacity") if capacity else _CAPACITY_DEFAULT,
        tuple(
            ChannelMaximum(name, _number(value, f'channel_maxima["{name}"]'))
            for name, value in _pairs(cells, "channel_maxima")
        ),
        tuple(_membership(name, value) for name, value in _pairs(cells, "memberships")),
        cells.get("display_name", ""),
    )


def _pairs(cells: Mapping[str, str], column: str) -> Iterator[tuple[str, str]]:
    """The entries of a cell like `spanish=60;billing=100`."""
    text = cells.get(column, "").strip()
    position = 0
    while position < len(text):
        match = _ENTRY.match(text, position)
        if match is None:
            raise BadRow(column, "SYNTAX", f'expected name=number at "{text[position : position + 30]}"')
        quoted = match["quoted"]
        yield (quoted.replace('""', '"') if quoted is not None else match["plain"]), match["value"]
        position = match.end()


def _membership(name: str, value: str) -> QueueMembership:
    tier, colon, position = value.partition(":")
    field = f'memberships["{name}"]'
    return QueueMembership(
        name, _number(tier.strip(), f"{field}.tier"), _number(position.strip(), f"{field}.position") if colon else 0
    )


def _number(text: str, field: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise BadRow(field, "WRONG_TYPE", f'expected a whole number, found "{text[:40]}"')
    return int(text)


def _parsed(text: str) -> dict[str, Any]:
    try:
        row = json.loads(text, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise BadRow("", "SYNTAX", f"not JSON at column {error.colno}: {error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise BadRow("", "SYNTAX", f"not JSON that can be read: {error}") from None
    if not isinstance(row, dict):
        raise BadRow("", "WRONG_TYPE", "expected an object in braces")
    for key in row:
        if key not in COLUMNS:
            raise BadRow(key, "UNKNOWN_KEY", f'unknown key "{key}"; known are {", ".join(COLUMNS)}')
    if "agent_id" not in row:
        raise BadRow("agent_id", Reason.EMPTY, "an agent needs an id")
    return row


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise BadRow(twice, Reason.DUPLICATE_ENTRY, f'the key "{twice}" appears more than once')
    return row


def _of_object(row: Mapping[str, Any]) -> AgentSpec:
    return AgentSpec(
        _typed(row["agent_id"], str, "agent_id"),
        tuple(
            SkillLevel(name, _typed(level, int, f'skills["{name}"]'))
            for name, level in _typed(row.get("skills", {}), dict, "skills").items()
        ),
        _typed(row.get("capacity", _CAPACITY_DEFAULT), int, "capacity"),
        tuple(
            ChannelMaximum(name, _typed(maximum, int, f'channel_maxima["{name}"]'))
            for name, maximum in _typed(row.get("channel_maxima", {}), dict, "channel_maxima").items()
        ),
        tuple(
            _membership_of_object(member, f"memberships[{index}]")
            for index, member in enumerate(_typed(row.get("memberships", []), list, "memberships"))
        ),
        _typed(row.get("display_name", ""), str, "display_name"),
    )


def _membership_of_object(member: Any, field: str) -> QueueMembership:
    values = _typed(member, dict, field)
    for key in values:
        if key not in _MEMBERSHIP_KEYS:
            raise BadRow(
                f"{field}.{key}", "UNKNOWN_KEY", f'unknown key "{key}"; known are {", ".join(_MEMBERSHIP_KEYS)}'
            )
    return QueueMembership(
        _typed(values.get("queue_id", ""), str, f"{field}.queue_id"),
        _typed(values.get("tier", 0), int, f"{field}.tier"),
        _typed(values.get("position", 0), int, f"{field}.position"),
    )


_TYPE_WORDS: Final = {str: "text", int: "a whole number", dict: "an object", list: "a list"}


def _typed(value: Any, kind: type, field: str) -> Any:
    if type(value) is not kind:
        raise BadRow(field, "WRONG_TYPE", f"expected {_TYPE_WORDS[kind]}, found {json.dumps(value)[:40]}")
    return value


def _as_row(agent: AgentSpec) -> list[str]:
    return [
        agent.agent_id,
        agent.display_name,
        ";".join(f"{_name(skill)}={level}" for skill, level in agent.skills),
        str(agent.capacity),
        ";".join(f"{_name(channel)}={maximum}" for channel, maximum in agent.channel_maxima),
        ";".join(
            f"{_name(queue)}={tier}:{position}" if position else f"{_name(queue)}={tier}"
            for queue, tier, position in agent.memberships
        ),
    ]


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if _NEEDS_QUOTES.search(name) else name


def _as_object(agent: AgentSpec) -> dict[str, Any]:
    return {
        "agent_id": agent.agent_id,
        "display_name": agent.display_name,
        "skills": dict(agent.skills),
        "capacity": agent.capacity,
        "channel_maxima": dict(agent.channel_maxima),
        "memberships": [member._asdict() for member in agent.memberships],
    }
