"""Agents from CSV and JSON lines: good rows pass, bad ones are named by line and field, and all comes back equal."""

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd_core import limits
from acd_core.roster import AgentSpec, ChannelMaximum, QueueMembership, SkillLevel
from acd_service.roster_file import Row, open_agents, read_agents, write_agents
from acd_service.row_file import LINE_CHARACTERS_MAX, RefusedRow, is_json_lines

HEADER = "agent_id,display_name,skills,capacity,channel_maxima,memberships\n"


def read(text: str, *, json_lines: bool = False) -> list[Row | RefusedRow]:
    return list(read_agents(io.StringIO(text, newline=""), json_lines=json_lines))


def test_a_row_is_an_agent() -> None:
    rows = read(HEADER + "a1,Ann Lee,spanish=60;billing=100,80,chat=3,sales=0;support=1:20\n")
    assert rows == [
        Row(
            2,
            AgentSpec(
                "a1",
                (SkillLevel("billing", 100), SkillLevel("spanish", 60)),
                80,
                (ChannelMaximum("chat", 3),),
                (QueueMembership("sales"), QueueMembership("support", 1, 20)),
                "Ann Lee",
            ),
        )
    ]


def test_an_object_is_an_agent() -> None:
    row = {
        "agent_id": "a1",
        "skills": {"spanish": 60},
        "capacity": 80,
        "channel_maxima": {"chat": 3},
        "memberships": [{"queue_id": "sales"}, {"queue_id": "support", "tier": 1, "position": 20}],
        "display_name": "Ann",
    }
    memberships = (QueueMembership("sales"), QueueMembership("support", 1, 20))
    agent = AgentSpec("a1", (SkillLevel("spanish", 60),), 80, (ChannelMaximum("chat", 3),), memberships, "Ann")
    assert read(json.dumps(row), json_lines=True) == [Row(1, agent)]


@pytest.mark.parametrize(
    "text",
    [
        "agent_id\na1\n",
        "agent_id\na1",
        "\ufeffagent_id\r\na1\r\n",
        "capacity, agent_id \n,a1\n",
        "agent_id,skills,memberships\n\na1, ,\n",
        'agent_id,skills\n"a1",""\n',
    ],
)
def test_only_the_id_is_needed(text: str, tmp_path: Path) -> None:
    path = tmp_path / "agents.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with open_agents(path) as file:
        assert [row.agent for row in read_agents(file, json_lines=False)] == [AgentSpec("a1")]


def test_names_with_signs_stand_in_quotes() -> None:
    (row,) = read('agent_id,skills\na,"""x;y=z""=5; ""say """"hi"""""" = 7 ;b=1"\n')
    assert isinstance(row, Row)
    assert dict(row.agent.skills) == {"x;y=z": 5, 'say "hi"': 7, "b": 1}


@pytest.mark.parametrize(
    ("cells", "reason", "field"),
    [
        (",,,,,", "EMPTY", "agent_id"),
        ("x" * 129 + ",,,,,", "TOO_LONG", "agent_id"),
        ("a\tb,,,,,", "INVALID_CHARACTER", "agent_id"),
        ("a,,spanish=101,,,", "OUT_OF_RANGE", 'skills["spanish"]'),
        ("a,,spanish=0,,,", "OUT_OF_RANGE", 'skills["spanish"]'),
        ("a,,spanish=x,,,", "WRONG_TYPE", 'skills["spanish"]'),
        ("a,,spanish=,,,", "WRONG_TYPE", 'skills["spanish"]'),
        ("a,,spanish,,,", "SYNTAX", "skills"),
        ("a,,spanish:60,,,", "SYNTAX", "skills"),
        ("a,,=60,,,", "EMPTY", "skills"),
        ("a,,b=1;b=2,,,", "DUPLICATE_ENTRY", "skills"),
        ("a,," + ";".join(f"s{n}=1" for n in range(257)) + ",,,", "TOO_MANY", "skills"),
        ("a,,,0,,", "OUT_OF_RANGE", "capacity"),
        ("a,,,1e2,,", "WRONG_TYPE", "capacity"),
        ("a,,,,chat=1001,", "OUT_OF_RANGE", 'channel_maxima["chat"]'),
        ("a,,,,,sales=101", "OUT_OF_RANGE", 'memberships["sales"].tier'),
        ("a,,,,,sales=x", "WRONG_TYPE", 'memberships["sales"].tier'),
        ("a,,,,,sales=1:-1", "OUT_OF_RANGE", 'memberships["sales"].position'),
        ("a,,,,,sales=1:", "WRONG_TYPE", 'memberships["sales"].position'),
        ("a,,,,", "SYNTAX", ""),
        ("a,,,,,,", "SYNTAX", ""),
        ('a,"b" c,,,,', "SYNTAX", ""),
        ("good1,,,,,", "DUPLICATE_ENTRY", "agent_id"),
        ("x" * (LINE_CHARACTERS_MAX + 5), "SYNTAX", ""),
    ],
)
def test_a_bad_row_does_not_keep_the_others_out(cells: str, reason: str, field: str) -> None:
    first, bad, last = read(f"{HEADER}good1,,,,,\n{cells}\ngood2,,,,,\n")
    assert isinstance(bad, RefusedRow)
    assert (bad.line, bad.reason, bad.field) == (3, reason, field)
    assert bad.message
    assert (first, last) == (Row(2, AgentSpec("good1")), Row(4, AgentSpec("good2")))


@pytest.mark.parametrize(
    ("text", "reason", "field"),
    [
        ("{", "SYNTAX", ""),
        ("[" * 100_000, "SYNTAX", ""),
        ("[1]", "WRONG_TYPE", ""),
        ("{}", "EMPTY", "agent_id"),
        ('{"agent_id": 5}', "WRONG_TYPE", "agent_id"),
        ('{"agent_id": "a", "skill": {}}', "UNKNOWN_KEY", "skill"),
        ('{"agent_id": "a", "agent_id": "b"}', "DUPLICATE_ENTRY", "agent_id"),
        ('{"agent_id": "a", "skills": []}', "WRONG_TYPE", "skills"),
        ('{"agent_id": "a", "skills": {"b": 1.5}}', "WRONG_TYPE", 'skills["b"]'),
        ('{"agent_id": "a", "skills": {"b": true}}', "WRONG_TYPE", 'skills["b"]'),
        ('{"agent_id": "a", "skills": {"b": 1, "b": 2}}', "DUPLICATE_ENTRY", "b"),
        ('{"agent_id": "a", "skills": {"b": 1' + "0" * 5_000 + "}}", "SYNTAX", ""),
        ('{"agent_id": "a", "capacity": 1' + "0" * 30 + "}", "OUT_OF_RANGE", "capacity"),
        ('{"agent_id": "a\\ud800"}', "INVALID_CHARACTER", "agent_id"),
        ('{"agent_id": "a", "memberships": ["q"]}', "WRONG_TYPE", "memberships[0]"),
        ('{"agent_id": "a", "memberships": [{}]}', "EMPTY", "memberships"),
        ('{"agent_id": "a", "memberships": [{"queue": "q"}]}', "UNKNOWN_KEY", "memberships[0].queue"),
        ('{"agent_id": "a", "memberships": [{"queue_id": "q", "tier": "1"}]}', "WRONG_TYPE", "memberships[0].tier"),
        ('{"agent_id": "good1"}', "DUPLICATE_ENTRY", "agent_id"),
        ("x" * (LINE_CHARACTERS_MAX + 5), "SYNTAX", ""),
    ],
)
def test_a_bad_line_does_not_keep_the_others_out(text: str, reason: str, field: str) -> None:
    first, bad, last = read(f'{{"agent_id": "good1"}}\n\n{text}\n{{"agent_id": "good2"}}\n', json_lines=True)
    assert isinstance(bad, RefusedRow)
    assert (bad.line, bad.reason, bad.field) == (3, reason, field)
    str(bad).encode()
    assert (first, last) == (Row(1, AgentSpec("good1")), Row(4, AgentSpec("good2")))


@pytest.mark.parametrize(
    ("header", "reason", "field"),
    [
        ("", "EMPTY", "agent_id"),
        ("name,skills", "EMPTY", "agent_id"),
        ("agent_id,skill", "UNKNOWN_KEY", "skill"),
        ("agent_id,skills,skills", "DUPLICATE_ENTRY", "skills"),
        ('"agent_id', "SYNTAX", ""),
    ],
)
def test_a_bad_header_is_all_there_is(header: str, reason: str, field: str) -> None:
    (row,) = read(f"{header}\na\n" if header else "")
    assert isinstance(row, RefusedRow)
    assert (row.line, row.reason, row.field) == (1, reason, field)


def test_bytes_that_are_not_utf_8_are_refused_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "agents.csv"
    path.write_bytes(b"agent_id,skills\na,espa\xf1ol=1\nb,\n")
    with open_agents(path) as file:
        bad, good = read_agents(file, json_lines=False)
    assert isinstance(bad, RefusedRow)
    assert (bad.line, bad.reason, bad.field) == (2, "INVALID_CHARACTER", "skills")
    assert good == Row(3, AgentSpec("b"))


def test_a_refused_row_reads_as_a_sentence() -> None:
    (row,) = read("agent_id,capacity\na,0\n")
    assert str(row) == "line 2: OUT_OF_RANGE capacity: 0 is out of range 1 to 10000"


def test_rows_are_read_as_they_come() -> None:
    """A roster of any length needs the memory of its ids."""

    class Endless(io.TextIOBase):
        def __init__(self) -> None:
            self._lines: Iterator[str] = itertools.chain([HEADER], (f"a{n},,,,,\n" for n in itertools.count()))

        def readline(self, _size: int = -1, /) -> str:
            return next(self._lines)

    rows = read_agents(Endless(), json_lines=False)
    assert [row.agent.agent_id for row in itertools.islice(rows, 3)] == ["a0", "a1", "a2"]


def test_a_large_roster_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "agents.csv"
    agents = [AgentSpec(f"agent-{n}", (SkillLevel(f"skill-{n % 40}", n % 100 + 1),)) for n in range(20_000)]
    with path.open("w", encoding="utf-8", newline="") as file:
        assert write_agents(agents, file, json_lines=False) == len(agents)
    with open_agents(path) as file:
        assert all(row.agent == agent for row, agent in zip(read_agents(file, json_lines=False), agents, strict=True))


def test_the_longest_row_fits() -> None:
    memberships = tuple(QueueMembership(f"{n:04}".ljust(128, "q"), 100, 1_000_000) for n in range(1_024))
    skills = tuple(SkillLevel(f"{n:03}".ljust(128, "s"), 100) for n in range(256))
    agent = AgentSpec("a" * 128, skills, memberships=memberships)
    for json_lines in (False, True):
        file = io.StringIO(newline="")
        write_agents([agent], file, json_lines=json_lines)
        (row,) = read(file.getvalue(), json_lines=json_lines)
        assert isinstance(row, Row)
        assert row.agent == agent


@pytest.mark.parametrize(
    ("name", "expected"), [("a.csv", False), ("a.jsonl", True), ("A.NDJSON", True), ("a.json", True), ("a", False)]
)
def test_the_name_tells_the_format(name: str, expected: bool) -> None:
    assert is_json_lines(name) is expected


names = st.text('ab;=:", \u3000é', min_size=1, max_size=6)
agents = st.builds(
    AgentSpec,
    names,
    st.dictionaries(names, st.integers(1, 100), max_size=4).map(lambda d: tuple(map(SkillLevel._make, d.items()))),
    st.integers(1, limits.CAPACITY_MAX),
    st.dictionaries(names, st.integers(0, limits.CHANNEL_COUNT_MAX), max_size=3).map(
        lambda d: tuple(map(ChannelMaximum._make, d.items()))
    ),
    st.dictionaries(
        names, st.tuples(st.integers(0, limits.TIER_MAX), st.integers(0, limits.POSITION_MAX)), max_size=3
    ).map(lambda d: tuple(QueueMembership(queue, *place) for queue, place in d.items())),
    st.just("") | names,
)


@pytest.mark.parametrize("json_lines", [False, True])
@given(st.lists(agents, max_size=4, unique_by=lambda agent: agent.agent_id))
@settings(max_examples=80, deadline=None)
def test_agents_come_back_equal(json_lines: bool, roster: list[AgentSpec]) -> None:
    file = io.StringIO(newline="")
    assert write_agents(roster, file, json_lines=json_lines) == len(roster)
    assert [row.agent for row in read(file.getvalue(), json_lines=json_lines)] == roster
