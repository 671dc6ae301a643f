"""The requirement language: boolean expressions over skills and levels.

    >>> r = parse("spanish>=60 and (billing or refunds) and not trainee")
    >>> r.met_by({"spanish": 80, "billing": 1})
    True
    >>> r.met_by({"spanish": 80, "billing": 1, "trainee": 1})
    False
    >>> str(parse("a and (b or c)"))
    'a>=1 and (b>=1 or c>=1)'

Grammar, loosest first; keywords in any case; `not` binds tightest:

    expression = conjunction { "or" conjunction }
    conjunction = factor { "and" factor }
    factor = "not" factor | "(" expression ")" | term
    term = skill [ ( ">=" | ">" | "<=" | "<" | "=" | "==" | "!=" ) level ]
    skill = name | '"' any characters but '"' '"'

A name starts with a letter or `_` and goes on with letters, digits, `_ . : -`. A bare skill means level 1 or more.
An agent without a skill has level 0 in it. The empty text is met by anyone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from acd_core.limits import (
    ID_BYTES_MAX,
    REQUIREMENT_BYTES_MAX,
    REQUIREMENT_DEPTH_MAX,
    REQUIREMENT_TERMS_MAX,
    SKILL_LEVEL_MAX,
)
from acd_core.refusal import Reason, Refused


@dataclass(frozen=True, slots=True)
class Term:
    """`low <= level of skill <= high`, negated when `outside` is set (`!=`)."""

    skill: str
    low: int
    high: int
    outside: bool = False

    def met_by(self, skills: Mapping[str, int]) -> bool:
        return (self.low <= skills.get(self.skill, 0) <= self.high) != self.outside

    def terms(self) -> Iterator["Term"]:
        yield self

    def __str__(self) -> str:
        name = self.skill if _PLAIN_NAME.fullmatch(self.skill) and not _is_keyword(self.skill) else f'"{self.skill}"'
        if self.outside:
            return f"{name}!={self.low}"
        if self.low == self.high:
            return f"{name}={self.low}"
        if self.high == SKILL_LEVEL_MAX:
            return f"{name}>={self.low}"
        return f"{name}<={self.high}"


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Node"

    def met_by(self, skills: Mapping[str, int]) -> bool:
        return not self.operand.met_by(skills)

    def terms(self) -> Iterator[Term]:
        yield from self.operand.terms()

    def __str__(self) -> str:
        inner = str(self.operand)
        return f"not {inner}" if isinstance(self.operand, Term | Not) else f"not ({inner})"


@dataclass(frozen=True, slots=True)
class And:
    """Met when all operands are. With no operands, met by anyone."""

    operands: tuple["Node", ...]

    def met_by(self, skills: Mapping[str, int]) -> bool:
        return all(operand.met_by(skills) for operand in self.operands)

    def terms(self) -> Iterator[Term]:
        for operand in self.operands:
            yield from operand.terms()

    def __str__(self) -> str:
        return " and ".join(f"({o})" if isinstance(o, Or) else str(o) for o in self.operands)


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple["Node", ...]

    def met_by(self, skills: Mapping[str, int]) -> bool:
        return any(operand.met_by(skills) for operand in self.operands)

    def terms(self) -> Iterator[Term]:
        for operand in self.operands:
            yield from operand.terms()

    def __str__(self) -> str:
        return " or ".join(str(operand) for operand in self.operands)


Node = Term | Not | And | Or

ANYONE: Final = And(())
"""What the empty requirement means."""

_PLAIN_NAME = re.compile(r"[^\W\d][\w.:\-]*")
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<compare>>=|<=|==|!=|>|<|=)"
    r"|(?P<number>\d+)(?!\w)|(?P<name>[^\W\d][\w.:\-]*)|\"(?P<quoted>[^\"]*)\""
)
_KEYWORDS = ("and", "or", "not")


def _is_keyword(name: str) -> bool:
    return name.lower() in _KEYWORDS


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


NOBODY: Final = Or(())
"""Met by no agent."""


def parse(text: str, *, slack: int = 1) -> Node:
    """The requirement that `text` states. `slack` multiplies each bound; callers' texts are held to the bounds.

    Raises:
        Refused: MALFORMED_REQUIREMENT with the position (characters from 0, also in `metadata["position"]`),
            or TOO_LONG / TOO_MANY when a bound of `limits` is passed. The field is left empty for the caller to name.
    """
    if len(text.encode("utf-8", "surrogatepass")) > REQUIREMENT_BYTES_MAX * slack:
        raise Refused(Reason.TOO_LONG, "", f"a requirement has at most {REQUIREMENT_BYTES_MAX} bytes")
    tokens = list(_tokens(text))
    if len(tokens) == 1:
        return ANYONE
    return _Parser(tokens, slack).whole()


def parse_own(text: str) -> Node:
    """The requirement that `text` states, where the engine made the text: a step may lengthen one that is at its bound.

    Raises:
        Refused: as `parse`, beyond twice its bounds.
    """
    return parse(text, slack=2)


def lowered(node: Node, skill: str, level: int, *, asked_for: bool = True) -> Node:
    """`node` with `skill` asked for at `level` at most; it is met by whoever met `node`.

    >>> str(lowered(parse("spanish>=60 and not spanish>=90"), "spanish", 40))
    'spanish>=40 and not spanish>=90'
    >>> str(lowered(parse("spanish=60"), "spanish", 40))
    'spanish>=40 and spanish<=60'
    """
    match node:
        case Term():
            if not asked_for or node.skill != skill or node.outside or node.low <= level:
                return node
            if node.high == SKILL_LEVEL_MAX or level == 0:
                return Term(skill, level, node.high)
            return And((Term(skill, level, SKILL_LEVEL_MAX), Term(skill, 0, node.high)))
        case Not():
            return Not(lowered(node.operand, skill, level, asked_for=not asked_for))
        case _:
            return type(node)(tuple(lowered(each, skill, level, asked_for=asked_for) for each in node.operands))


def without_skill(node: Node, skill: str, *, asked_for: bool = True) -> Node:
    """`node` not caring about `skill` any more; it is met by whoever met `node`.

    >>> str(without_skill(parse("spanish and billing>=3 and not trainee"), "trainee"))
    'spanish>=1 and billing>=3'
    >>> without_skill(parse("billing or spanish"), "spanish") == ANYONE
    True
    """
    match node:
        case Term():
            if node.skill != skill:
                return node
            return ANYONE if asked_for else NOBODY
        case Not():
            inner = without_skill(node.operand, skill, asked_for=not asked_for)
            return ANYONE if inner == NOBODY else NOBODY if inner == ANYONE else Not(inner)
        case And():
            kept = tuple(without_skill(each, skill, asked_for=asked_for) for each in node.operands)
            if NOBODY in kept:
                return NOBODY
            kept = tuple(each for each in kept if each != ANYONE)
            return kept[0] if len(kept) == 1 else And(kept)
        case Or():
            kept = tuple(without_skill(each, skill, asked_for=asked_for) for each in node.operands)
            if ANYONE in kept:
                return ANYONE
            kept = tuple(each for each in kept if each != NOBODY)
            return kept[0] if len(kept) == 1 else Or(kept)


def _fail(position: int, what: str) -> Refused:
    return Refused(Reason.MALFORMED_REQUIREMENT, "", f"at position {position}: {what}", {"position": str(position)})


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            what = "a quoted name has no end" if text[position] == '"' else f"unexpected {text[position]!r}"
            raise _fail(position, what)
        kind = match.lastgroup or ""
        if kind == "name" and _is_keyword(match["name"]):
            yield _Token(match["name"].lower(), match["name"], position)
        elif kind != "space":
            yield _Token(kind, match[kind], position)
        position = match.end()
    yield _Token("end", "", len(text))


class _Parser:
    def __init__(self, tokens: list[_Token], slack: int) -> None:
        self._tokens = tokens
        self._slack = slack
        self._index = 0
        self._terms = 0

    def whole(self) -> Node:
        node = self._expression(0)
        token = self._tokens[self._index]
        if token.kind == "close":
            raise _fail(token.position, "this ')' has no '('")
        if token.kind != "end":
            raise _fail(token.position, f"expected 'and', 'or' or the end, found {token.text!r}")
        return node

    def _take(self, kind: str) -> _Token | None:
        token = self._tokens[self._index]
        if token.kind != kind:
            return None
        self._index += 1
        return token

    def _expression(self, depth: int) -> Node:
        operands = [self._conjunction(depth)]
        while self._take("or"):
            operands.append(self._conjunction(depth))
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _conjunction(self, depth: int) -> Node:
        operands = [self._factor(depth)]
        while self._take("and"):
            operands.append(self._factor(depth))
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _factor(self, depth: int) -> Node:
        here = self._tokens[self._index].position
        if depth >= REQUIREMENT_DEPTH_MAX * self._slack:
            raise _fail(here, f"nested deeper than {REQUIREMENT_DEPTH_MAX}")
        if self._take("not"):
            return Not(self._factor(depth + 1))
        if self._take("open"):
            node = self._expression(depth + 1)
            if not self._take("close"):
                raise _fail(self._tokens[self._index].position, f"expected ')' for the '(' at position {here}")
            return node
        return self._term()

    def _term(self) -> Node:
        token = self._take("name") or self._take("quoted")
        if token is None:
            found = self._tokens[self._index]
            shown = "the end" if found.kind == "end" else repr(found.text)
            raise _fail(found.position, f"expected a skill, 'not' or '(', found {shown}")
        name = token.text
        if not name.strip():
            raise _fail(token.position, "a skill needs a name")
        if len(name.encode("utf-8", "surrogatepass")) > ID_BYTES_MAX:
            raise _fail(token.position, f"a skill's name has at most {ID_BYTES_MAX} bytes")
        if any(not character.isprintable() for character in name):
            raise _fail(token.position, "a skill's name has a control character")
        self._terms += 1
        if self._terms > REQUIREMENT_TERMS_MAX * self._slack:
            raise Refused(Reason.TOO_MANY, "", f"a requirement has at most {REQUIREMENT_TERMS_MAX} terms")
        compare = self._take("compare")
        if compare is None:
            return Term(name, 1, SKILL_LEVEL_MAX)
        return _comparison(name, compare, self._level())

    def _level(self) -> int:
        token = self._take("number")
        if token is None:
            found = self._tokens[self._index]
            raise _fail(found.position, f"expected a level from 0 to {SKILL_LEVEL_MAX}")
        if len(token.text) > 9 or int(token.text) > SKILL_LEVEL_MAX:
            raise _fail(token.position, f"level {token.text[:20]} is out of range 0 to {SKILL_LEVEL_MAX}")
        return int(token.text)


def _comparison(name: str, compare: _Token, level: int) -> Term:
    match compare.text:
        case ">=":
            low, high = level, SKILL_LEVEL_MAX
        case ">":
            low, high = level + 1, SKILL_LEVEL_MAX
        case "<=":
            low, high = 0, level
        case "<":
            low, high = 0, level - 1
        case "!=":
            return Term(name, level, level, outside=True)
        case _:
            low, high = level, level
    if low > high:
        raise _fail(compare.position, f"no level is {compare.text}{level}; levels go from 0 to {SKILL_LEVEL_MAX}")
    return Term(name, low, high)
