"""Options that the documentation of the load tests names exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "docs" / "load.md").read_text() + (ROOT / "README.md").read_text()
COMMANDS = [
    (module, arguments)
    for module, arguments in re.findall(
        r"python -m (load\.\w+|locust -f load/locustfile\.py)((?:[^\n`#]|\\\n)*)", PAGES
    )
    if "--" in arguments
]


@pytest.mark.parametrize("module", sorted({module for module, _ in COMMANDS}))
def test_every_option_of_the_examples_exists(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *module.split(), "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    wanted = {name for one, arguments in COMMANDS if one == module for name in re.findall(r"--[a-z-]+", arguments)}
    assert wanted
    assert wanted <= set(re.findall(r"--[a-z-]+", done.stdout))


def test_the_options_of_our_own_are_told() -> None:
    ours = re.findall(r'add_argument\(\s*"(--[a-z-]+)"', (ROOT / "load" / "locustfile.py").read_text())
    assert len(ours) == 4
    assert [name for name in ours if f"`{name}" not in PAGES] == []
