"""docs/promises.md names tests that exist, and commands that would run them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
PROMISES = [row for row in ROWS[1:] if not row[0].startswith(("**", "---"))]


def command_of(row):
    (command,) = re.findall(r"`([^`]+)`", row[3])
    return command


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: re.sub(r"\W+", "-", row[0])[:40])
def test_each_promise_has_a_test_and_a_command(row):
    promise, test, _, command = row
    assert promise
    links = re.findall(r"\]\(([^)]+)\)", test)
    assert links or test == "the same"
    for link in links:
        path, _, anchor = link.partition("#")
        target = ROOT / "docs" / path
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
    assert command.startswith("`")


@pytest.mark.parametrize("command", sorted({command_of(row) for row in PROMISES}))
def test_each_command_can_be_given(command):
    words = command.split()
    variables = [word.split("=")[0] for word in words if re.match(r"[A-Z_]+=", word)]
    words = words[len(variables) :]
    if words[0] == "pytest":
        paths = [ROOT / word for word in words[1:]]
        assert paths
        assert all(path.exists() for path in paths)
        text = "".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())
        assert all(variable in text for variable in variables)
    else:
        assert words[:2] == ["python", "-m"]
        file = ROOT / "tests" / (words[2].replace(".", "/") + ".py")
        assert file.exists()
        source = file.read_text(encoding="utf-8")
        assert all(f'"{word}"' in source for word in words[3:] if word.startswith("--"))
        assert '__name__ == "__main__"' in source


def test_there_are_promises_of_every_kind():
    assert sum(row[0].startswith("**") for row in ROWS) == 7
    assert len(PROMISES) > 25


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md"])
def test_who_reads_of_security_finds_it(page):
    assert "docs/promises.md" in (ROOT / page).read_text(encoding="utf-8")


def test_the_long_forms_are_run_by_one_command():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^torture:.*\n\t\$\(PYTEST\) -m slow", makefile, re.MULTILINE)
    slow = {path.name for path in ROOT.glob("tests/*/test_*.py") if "mark.slow" in path.read_text(encoding="utf-8")}
    for row in PROMISES:
        if "long:" in row[2]:
            names = re.findall(r"test_\w+\.py", row[1] + row[3]) or ["test_simulated_lives.py"]
            assert slow & set(names), row
