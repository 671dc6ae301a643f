"""The requirement language: what is met, what is refused and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd_core.refusal import Reason, Refused
from acd_core.requirement import ANYONE, parse

SKILLS = {"spanish": 60, "billing": 1, "vip care": 30, "größe": 5}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("", True),
        ("  \t", True),
        ("spanish", True),
        ("french", False),
        ("spanish>=60", True),
        ("spanish>=61", False),
        ("spanish>59", True),
        ("spanish>60", False),
        ("spanish<=60", True),
        ("spanish<60", False),
        ("spanish=60", True),
        ("spanish==60", True),
        ("spanish!=60", False),
        ("french=0", True),
        ("french<=0", True),
        ("french>=0", True),
        ("not french", True),
        ("not not spanish", True),
        ("spanish and billing", True),
        ("spanish and french", False),
        ("french or billing", True),
        ("french or spanish and billing", True),
        ("(french or spanish) and french", False),
        ("not french and spanish", True),
        ("not (french and spanish)", True),
        ("SPANISH", False),
        ("spanish AND NOT french", True),
        ('"vip care" >= 30', True),
        ("größe<6", True),
        ("spanish>=60 and (billing or refunds) and not trainee", True),
    ],
)
def test_met_by(text: str, met: bool) -> None:
    assert parse(text).met_by(SKILLS) is met


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("spanish>=101", 9, "out of range 0 to 100"),
        ("spanish>=99999999999999", 9, "out of range"),
        ("spanish>=", 9, "expected a level"),
        ("spanish>=x", 9, "expected a level"),
        ("spanish>=5x", 9, "unexpected"),
        ("spanish>=-1", 9, "unexpected '-'"),
        ("spanish>100", 7, "no level is >100"),
        ("spanish<0", 7, "no level is <0"),
        ("(spanish", 8, "expected ')'"),
        ("spanish)", 7, "has no '('"),
        ("()", 1, "expected a skill"),
        ("spanish billing", 8, "expected 'and', 'or' or the end"),
        ("spanish and", 11, "found the end"),
        ("and spanish", 0, "expected a skill"),
        ("spanish & billing", 8, "unexpected '&'"),
        ("60>=spanish", 0, "expected a skill"),
        ('"spanish', 0, "no end"),
        ('""', 0, "needs a name"),
        ("not " * 40 + "a", 128, "nested deeper than 32"),
        ("(" * 40 + "a" + ")" * 40, 32, "nested deeper than 32"),
        (f"{'x' * 129}", 0, "at most 128 bytes"),
    ],
)
def test_malformed(text: str, position: int, says: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert caught.value.reason is Reason.MALFORMED_REQUIREMENT
    assert caught.value.metadata["position"] == str(position)
    assert says in caught.value.message


def test_bounds() -> None:
    assert parse(" and ".join(f"s{i}" for i in range(64))).met_by({}) is False
    with pytest.raises(Refused) as caught:
        parse(" and ".join(f"s{i}" for i in range(65)))
    assert caught.value.reason is Reason.TOO_MANY
    with pytest.raises(Refused) as caught:
        parse("a" + " " * 4_096)
    assert caught.value.reason is Reason.TOO_LONG


def test_empty_means_anyone() -> None:
    assert parse("") is ANYONE
    assert ANYONE.met_by({})


NAMES = st.sampled_from(["a", "b", "c", "and", "x y", "d-1"])
LEVELS = st.integers(0, 100)


def quoted(name: str) -> str:
    return f'"{name}"' if name in ("and", "x y") else name


EXPRESSIONS = st.recursive(
    st.one_of(
        NAMES.map(quoted),
        st.builds(lambda n, o, x: f"{quoted(n)}{o}{x}", NAMES, st.sampled_from([">=", "<=", "=", "!="]), LEVELS),
    ),
    lambda inner: st.one_of(
        inner.map(lambda e: f"not ({e})"),
        st.builds(lambda left, right: f"({left}) and ({right})", inner, inner),
        st.builds(lambda left, right: f"({left}) or {right}", inner, inner),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS, st.dictionaries(NAMES, st.integers(1, 100)))
def test_printed_form_means_the_same(text: str, skills: dict[str, int]) -> None:
    node = parse(text)
    again = parse(str(node))
    assert again.met_by(skills) is node.met_by(skills)
    assert str(again) == str(node)


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parse(text)
    except Refused as refused:
        assert refused.reason in (Reason.MALFORMED_REQUIREMENT, Reason.TOO_LONG, Reason.TOO_MANY)
