"""The roster files that the documentation shows can be read as they stand."""

import io
import re
from pathlib import Path

import pytest

from acd_service.roster_file import Row, read_agents
from acd_service.row_file import RefusedRow

PAGE = (Path(__file__).parents[2] / "docs" / "roster.md").read_text()


@pytest.mark.parametrize(("language", "rows"), [("csv", 3), ("jsonl", 2)])
def test_the_blocks_are_read(language: str, rows: int) -> None:
    (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    found = list(read_agents(io.StringIO(block, newline=""), json_lines=language == "jsonl"))
    assert len(found) == rows
    assert all(isinstance(row, Row) for row in found)


def test_the_messages_are_those_of_the_page() -> None:
    lines = ["agent_id,skills", "ann,", "b,spanish=101", "c,", "d,", "e,", "ann,", "f,", "g,spanish"]
    found = read_agents(io.StringIO("\n".join(lines), newline=""), json_lines=False)
    (block,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert [str(row) for row in found if isinstance(row, RefusedRow)] == block.splitlines()
