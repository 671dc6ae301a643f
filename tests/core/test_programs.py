"""Requirements read into programs: the same meaning as the parser that makes trees, or left to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd_core.programs import postfix
from acd_core.refusal import Refused
from acd_core.requirement import And, Node, Not, Or, Term, parse, parse_own

Program = list[tuple[str, int, int, bool] | str]


def flat(node: Node) -> Program:
    match node:
        case Term():
            return [(node.skill, node.low, node.high, node.outside)]
        case Not():
            return [*flat(node.operand), "not"]
        case And() | Or():
            result: Program = []
            for index, operand in enumerate(node.operands):
                result += flat(operand)
                if index:
                    result.append("and" if isinstance(node, And) else "or")
            return result


def held_to_the_parser(text: str) -> bool:
    """Whether the text was read; then it must mean what the parser says, and otherwise be left to that one."""
    program = postfix(text)
    if program is None:
        return False
    assert program == flat(parse(text))
    return True


PLAIN = (
    "",
    " \t\n",
    "a",
    "a>=5 and b",
    "a or b and not c",
    "(a or b)and(c)",
    "NOT (x_1>3 OR y.z:w-v<=9) And q!=4",
    "a==7 or a = 8",
    "a<1",
    "a>99",
    "a>=007",
    "not not not a",
    "((((a))))",
    "order and android and notary",
)
LEFT_TO_THE_PARSER = (
    '"vip care">=3',
    "größe",
    "a>100",
    "a<0",
    "a>=101",
    "a>=5x",
    "a>=5_",
    "a>=1234567890",
    "a>=",
    "a >== 5",
    "a!5",
    "a b",
    "a and",
    "and",
    "not",
    "(a",
    "a)",
    "()",
    "5",
    "`a",
    "[a]",
    "a\x1cb",
    "a\x00",
    "@a",
    "x" * 129,
    " or ".join(["a"] * 65),
    "(" * 33 + "a" + ")" * 33,
    "a" + " " * 4_096,
)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_texts_are_read(text: str) -> None:
    assert held_to_the_parser(text)


@pytest.mark.parametrize("text", LEFT_TO_THE_PARSER)
def test_the_rest_is_left_to_the_parser(text: str) -> None:
    assert not held_to_the_parser(text)


def test_bounds_are_doubled_for_texts_of_the_engine() -> None:
    text = " or ".join(["a"] * 128)
    assert postfix(text, 2) == flat(parse_own(text))
    assert postfix(f"{text} or a", 2) is None


PIECES = st.sampled_from(
    ["a", "b.c", "_x", "and", "OR", "not", "(", ")", " ", "5", "100", "é", *(">=", ">", "<", "<=", "=", "==", "!=")]
)


@given(st.lists(PIECES, max_size=12).map(" ".join) | st.lists(PIECES, max_size=8).map("".join))
def test_any_text(text: str) -> None:
    held_to_the_parser(text)


TERMS = st.builds("{}{}".format, st.sampled_from(["a", "b", "c.d"]), st.sampled_from(["", ">=3", "<5", " = 7", "!=1"]))
EXPRESSIONS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: "(" + " or ".join(parts) + ")"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: "(" + " and ".join(parts) + ")"),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_expressions_are_read(text: str) -> None:
    try:
        parse(text)
    except Refused:
        assert postfix(text) is None
    else:
        assert held_to_the_parser(text)
