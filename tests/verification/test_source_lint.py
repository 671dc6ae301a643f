"""What would make the engine depend on anything but its commands is kept out of its source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "acd_core"
SOURCES = sorted(path for ending in ("py", "pyx", "pxd") for path in CORE.rglob(f"*.{ending}"))

ALLOWED = {
    "__future__", "acd_core", "bisect", "collections", "cython", "dataclasses", "enum", "functools", "hashlib",
    "heapq", "itertools", "json", "operator", "re", "struct", "typing",
    "cpython.buffer", "cpython.bytes", "cpython.dict", "cpython.exc", "cpython.list", "cpython.long", "cpython.mem",
    "cpython.memoryview", "cpython.object", "cpython.ref", "cpython.tuple", "cpython.unicode",
    "libc.stdint", "libc.stdlib", "libc.string", "libc.limits",
    "libcpp.vector", "libcpp.utility", "libcpp.algorithm",
}  # fmt: skip
"""Modules without a clock, randomness, threads, I/O or an order of their own. `rand` of libc.stdlib: see below."""
ALLOWED_NAMES = {"from math import isqrt", "from datetime import date"}
"""Exact on whole numbers; whether a text is a day of the calendar."""
ALLOWED_HEADERS = {"Python.h", "*"}
FORBIDDEN_WORDS = (
    r"\brand\s*\(", r"\bsrand\b", r"\bgetenv\b", r"\bclock\b", r"\bgettimeofday\b", r"\bopen\s*\(", r"\bprint\s*\(",
    r"\b__import__\b", r"\bimport_module\b", r"\beval\s*\(", r"\bexec\s*\(", r"\bnogil\b.*\bprange\b", r"\binput\s*\(",
    r"#\s*include",
)  # fmt: skip
ORDERED_BY_CHANCE = (r"(?<![\w.])hash\s*\(", r"(?<![\w.])id\s*\(")
"""Built-ins whose value differs from process to process."""

_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+c?import\b|c?import\s+([\w.]+(?:\s*,\s*[\w.]+)*))")
_EXTERN = re.compile(r"^\s*cdef\s+extern\s+from\s+[\"<]*([\w.*/]+)")
_SET_NAME = re.compile(
    r"\b(\w+)\s*(?::\s*(?:set|frozenset)\b[^=\n]*)?=\s*(?:set|frozenset)\s*\("
    r"|\bcdef\s+set\s+(\w+)|\b(\w+)\s*:\s*(?:set|frozenset)\b|\bset\s+(\w+)\s*[,)=]"
    r"|\b(\w+)\s*=\s*\{[^{}:]*\bfor\b"
)
_WALKED = re.compile(r"(?:\bfor\s[^\n]*?\sin\s+|(?<![\w.])(?:list|tuple|enumerate|iter)\(\s*)((?:self\.)?\w+)(\(?)")
_SET_FUNCTION = re.compile(r"\bdef\s+(\w+)\s*\([^)]*\)\s*->\s*(?:set|frozenset)\b", re.DOTALL)


def code_of(path: Path) -> str:
    """The source without comments and without the text of strings, line for line."""
    text = path.read_text()
    blank = re.compile(r'("""|\'\'\')(?:\\.|.)*?\1|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*', re.DOTALL)

    def cleared(match: re.Match[str]) -> str:
        found = match.group()
        return found if found.startswith('"Python.h') else '""' + "\n" * found.count("\n")

    return blank.sub(cleared, text)


def imported(path: Path) -> Iterator[str]:
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and ast.unparse(node) not in ALLOWED_NAMES:
                yield node.module or "acd_core"
        return
    for line in code_of(path).splitlines():
        match = _IMPORT.match(line)
        if match and line.strip() not in ALLOWED_NAMES:
            yield from re.split(r"\s*,\s*", match[1] or match[2])


def set_iterations(text: str) -> Iterator[str]:
    """Places where the order of a set would show."""
    names = {name for match in _SET_NAME.finditer(text) for name in match.groups() if name}
    functions = set(_SET_FUNCTION.findall(text))
    for match in _WALKED.finditer(text):
        name, call = match[1].removeprefix("self."), match[2]
        if (name in names and not call) or (call and (name in functions or name in ("set", "frozenset"))):
            yield match.group()
    for match in re.finditer(r"\bfor\s[^\n]*?\sin\s+\{[^{}:]*\}", text):
        yield match.group()


def allowed(module: str) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:count]) in ALLOWED for count in range(1, len(parts) + 1))


def test_there_is_something_to_look_at() -> None:
    assert {path.suffix for path in SOURCES} == {".py", ".pyx", ".pxd"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_nothing_that_could_tell_time_draw_or_do_io(path: Path) -> None:
    assert [module for module in imported(path) if not allowed(module)] == []
    headers = [match[1] for line in path.read_text().splitlines() if (match := _EXTERN.match(line))]
    assert [header for header in headers if header not in ALLOWED_HEADERS] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_calls_nothing_that_differs_between_runs(path: Path) -> None:
    text = code_of(path)
    patterns = FORBIDDEN_WORDS + ORDERED_BY_CHANCE
    assert [match.group() for pattern in patterns for match in re.finditer(pattern, text)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_iterates_over_no_set(path: Path) -> None:
    assert list(set_iterations(code_of(path))) == []


@pytest.mark.parametrize(
    "text",
    [
        "seen = set()\nfor name in seen:\n    pass\n",
        "cdef set gone = other\nfor slot in gone:\n    pass\n",
        "self.names: set[str] = set()\nx = [n for n in self.names]\n",
        "x = {k: 1 for k in {c.channel for c in waiting}}\n",
        "gone = {a for a in b}\nfirst = next(iter(gone))\n",
        "def names() -> set[str]:\n    pass\nfor n in names():\n    pass\n",
        "for n in set(names):\n    pass\n",
        "order = list(set(names))\n",
    ],
)
def test_the_lint_sees_iteration_over_sets(text: str) -> None:
    assert list(set_iterations(text))


@pytest.mark.parametrize(
    "text",
    [
        "seen = set()\nif name in seen:\n    pass\n",
        "seen = set()\nfor name in sorted(seen):\n    pass\n",
        "names = {k: v for k, v in pairs}\nfor name in names:\n    pass\n",
        "offset = (1)\nfor x in offset:\n    pass\n",
    ],
)
def test_the_lint_lets_the_rest_pass(text: str) -> None:
    assert not list(set_iterations(text))
