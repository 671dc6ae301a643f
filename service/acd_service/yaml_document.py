"""YAML files read with the line and column of everything in them, so that what is wrong can be pointed at.

Nothing is constructed from a file but texts, whole numbers, truth values and durations.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_DEPTH_MAX: Final = 32
"""More than any file of ours needs; the library's composer recurses, and its compiled form would crash."""
_TRUTH: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WHOLE_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
_DURATION = re.compile(r"-?(?:[0-9]{1,12}(?:ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in a file; lines and columns count from 1."""

    line: int
    column: int
    field: str
    """Path of the field, `queues["sales"].requirement`; empty where no field is at fault."""
    reason: str
    """A word in upper snake case, one of `acd_core.refusal.Reason` or SYNTAX, UNKNOWN_KEY, WRONG_TYPE."""
    message: str


class BadFile(Exception):
    """A file that cannot be used; it says everything that was found wrong.

    Attributes:
        name: the file's name as given.
        problems: at least one, in order of their places.
    """

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line for each problem, `file:line:column: REASON field: message`."""
        return [
            f"{self.name}:{p.line}:{p.column}: {p.reason} {p.field + ': ' if p.field else ''}{p.message}"
            for p in self.problems
        ]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping and its value."""

    key: str
    key_node: Node
    value: Node


class Findings:
    """Collects the problems of one file while its nodes are read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, node: Node, field: str, reason: str, message: str, *, offset: int = 0) -> None:
        """A problem at a node's first character, or `offset` characters after it."""
        mark = node.start_mark
        self.problems.append(Problem(mark.line + 1, mark.column + 1 + offset, field, reason, message))

    def entries(self, node: Node, field: str) -> Iterator[Entry]:
        """The entries of a mapping in order, none if nothing stands there; keys given twice are problems."""
        if field and node.tag == f"{_TAG}null":
            return
        if not isinstance(node, MappingNode):
            self.add(node, field, "WRONG_TYPE", f"expected keys and values, found {_shown(node)}")
            return
        seen: dict[str, Node] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, ScalarNode) or key_node.tag not in (f"{_TAG}str", f"{_TAG}int"):
                self.add(
                    key_node, field, "WRONG_TYPE", f"expected a name, found {_shown(key_node)}; quotes make it one"
                )
                continue
            key = key_node.value
            if key in seen:
                line = seen[key].start_mark.line + 1
                self.add(key_node, joined(field, key), "DUPLICATE_ENTRY", f'"{key}" was given in line {line} before')
                continue
            seen[key] = key_node
            yield Entry(key, key_node, value)

    def known_entries(self, node: Node, field: str, known: Iterable[str], later: Iterable[str] = ()) -> Iterator[Entry]:
        """As `entries`, without those whose key is not `known`, which are problems."""
        known, later = list(known), set(later)
        for entry in self.entries(node, field):
            if entry.key in known:
                yield entry
            elif entry.key in later:
                self.add(entry.key_node, joined(field, entry.key), "NOT_BUILT", "this is not built yet")
            else:
                close = difflib.get_close_matches(entry.key, known, 1)
                hint = f'did you mean "{close[0]}"?' if close else f"known are {', '.join(known)}"
                self.add(entry.key_node, joined(field, entry.key), "UNKNOWN_KEY", f'unknown key "{entry.key}"; {hint}')

    def text(self, node: Node, field: str) -> str | None:
        if isinstance(node, ScalarNode) and node.tag == f"{_TAG}str":
            return str(node.value)
        self._wrong(node, field, "text")
        return None

    def whole_number(self, node: Node, field: str) -> int | None:
        if isinstance(node, ScalarNode) and node.tag == f"{_TAG}int" and _WHOLE_NUMBER.fullmatch(node.value):
            return int(node.value)
        self._wrong(node, field, "a whole number")
        return None

    def truth(self, node: Node, field: str) -> bool | None:
        if isinstance(node, ScalarNode) and node.tag == f"{_TAG}bool":
            return _TRUTH[node.value.lower()]
        self._wrong(node, field, "true or false")
        return None

    def duration_ms(self, node: Node, field: str) -> int | None:
        """A duration like `20s`, `500ms` or `1m30s` in milliseconds."""
        if isinstance(node, ScalarNode) and _DURATION.fullmatch(node.value):
            total = sum(int(number) * _UNIT_MS[unit] for number, unit in _DURATION_PART.findall(node.value))
            return -total if node.value.startswith("-") else total
        self._wrong(node, field, "a duration like 20s, 500ms or 1m30s (units ms, s, m, h, d)")
        return None

    def texts(self, node: Node, field: str) -> tuple[str, ...] | None:
        if not isinstance(node, SequenceNode):
            self._wrong(node, field, "a list like [mail, chat]")
            return None
        texts = [self.text(item, field) for item in node.value]
        return None if None in texts else tuple(text for text in texts if text is not None)

    def word(self, node: Node, field: str, words: Mapping[str, Any]) -> Any:
        """The value that a word stands for."""
        value = self.text(node, field)
        if value is None:
            return None
        if value not in words:
            close = difflib.get_close_matches(value, words, 1)
            hint = f'did you mean "{close[0]}"?' if close else f"known are {', '.join(words)}"
            self.add(node, field, "INVALID_VALUE", f'unknown word "{value}"; {hint}')
            return None
        return words[value]

    def _wrong(self, node: Node, field: str, expected: str) -> None:
        self.add(node, field, "WRONG_TYPE", f"expected {expected}, found {_shown(node)}")


def joined(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key


def duration_text(value_ms: int) -> str:
    """Milliseconds in the largest unit that divides them: `90s`, `1500ms`."""
    for unit in ("d", "h", "m", "s"):
        if value_ms and value_ms % _UNIT_MS[unit] == 0:
            return f"{value_ms // _UNIT_MS[unit]}{unit}"
    return f"{value_ms}ms" if value_ms else "0s"


def compose(text: str, name: str) -> Node:
    """The root of the one document in a text.

    Raises:
        BadFile: the text is not YAML, is empty or has several documents.
    """
    try:
        _check_depth(text, name)
        node: Node | None = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = ", ".join(part for part in (error.context, error.problem) if part)
        lines = text.splitlines()
        if line <= len(lines) and lines[line - 1][column - 1 : column] == "\t":
            what = "a tab; YAML indents with spaces"
        raise BadFile(name, [Problem(line, column, "", "SYNTAX", what)]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        raise BadFile(name, [Problem(line, column, "", "SYNTAX", "a character that YAML does not allow")]) from None
    if node is None:
        raise BadFile(name, [Problem(1, 1, "", "EMPTY", "the file is empty")])
    return node


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH_MAX:
                mark = event.start_mark
                assert mark is not None
                problem = Problem(mark.line + 1, mark.column + 1, "", "SYNTAX", f"nested deeper than {_DEPTH_MAX}")
                raise BadFile(name, [problem])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def decoded(data: bytes, name: str) -> str:
    """The text of a file in UTF-8, a byte order mark left out.

    Raises:
        BadFile: at the first byte that is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise BadFile(name, [Problem(line, column, "", "SYNTAX", "the file is not in UTF-8")]) from None


def column_within(node: Node, position: int) -> int:
    """How far into a scalar's source its character `position` stands; 0 if that cannot be told."""
    start, end = node.start_mark, node.end_mark
    if start.line != end.line or not isinstance(node, ScalarNode):
        return 0
    quotes = (end.column - start.column) - len(node.value)
    return position + quotes // 2 if quotes in (0, 2) else 0


def _shown(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "keys and values"
    if isinstance(node, SequenceNode):
        return "a list"
    if node.tag == f"{_TAG}null":
        return "nothing (leave the key out for its default)"
    value = node.value if len(node.value) <= 40 else node.value[:40] + "…"
    return f'"{value}"'
