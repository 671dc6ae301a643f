"""docs/faults.md names every broken part that is looked for, and no other."""

import re
from pathlib import Path

from faults.canaries import CANARIES

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def test_the_page_names_every_broken_part():
    section = PAGE.read_text(encoding="utf-8").partition("## Broken parts")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", section, re.MULTILINE)
    assert set(rows) - {"part", "---"} == set(CANARIES)
