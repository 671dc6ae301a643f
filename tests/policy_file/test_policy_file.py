"""Policies in YAML: what they mean, what is wrong with them and where, and that they come back equal."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd_core import limits
from acd_core.enums import Membership, Strategy
from acd_core.policy import Channel, OfferOutcomes, OutcomePolicy, Policy, QueueSpec
from acd_service.policy_file import load_policy, parse_policy, policy_yaml
from acd_service.yaml_document import BadFile, duration_text


def problems(text: str) -> list[tuple[int, int, str, str]]:
    with pytest.raises(BadFile) as caught:
        parse_policy(text, "f.yaml")
    return [(p.line, p.column, p.reason, p.field) for p in caught.value.problems]


def test_every_key_is_read() -> None:
    policy = parse_policy("""
channels:
  voice: {cost: 90, interrupts: [mail]}
  mail: {cost: 9}
queues:
  sales:
    requirement: a>=3 and not b
    membership: listed
    strategy: fixed_order
    service_level_target: 1m30s
    offer_timeout: 500ms
    auto_accept: true
    wrap_up: 2m
    credit: -1500ms
    rate: 0
    max_tier: 0
    max_waiting: 7
tier_first: true
short_abandon: 0s
presence_lease: 1h
reattach: 1d
max_waiting: 8
offer_outcomes:
  declined: {exclude: 0s, delay: 1s, away_after: 2}
  missed: {delay: 3s}
""")
    assert policy == Policy(
        channels=(Channel("voice", 90, ("mail",)), Channel("mail", 9)),
        queues=(
            QueueSpec(
                "sales",
                requirement="a>=3 and not b",
                membership=Membership.LISTED,
                strategy=Strategy.FIXED_ORDER,
                service_level_target_ms=90_000,
                offer_timeout_ms=500,
                auto_accept=True,
                wrap_up_ms=120_000,
                credit_ms=-1_500,
                rate=0,
                max_tier=0,
                max_waiting=7,
            ),
        ),
        tier_first=True,
        short_abandon_ms=0,
        presence_lease_ms=3_600_000,
        reattach_ms=86_400_000,
        max_waiting=8,
        offer_outcomes=OfferOutcomes(
            declined=OutcomePolicy(exclude_ms=0, delay_ms=1_000, away_after=2),
            missed=OutcomePolicy(delay_ms=3_000, away_after=3),
        ),
    )


@pytest.mark.parametrize("text", ["{}", "queues:\n", "queues: {}", "offer_outcomes: {busy: {}}", "# x\nqueues:\n"])
def test_what_is_left_out_has_its_default(text: str) -> None:
    assert parse_policy(text) == Policy()


def test_an_id_may_look_like_a_number() -> None:
    assert parse_policy("queues: {101: , '102': {}}").queues == (QueueSpec("101"), QueueSpec("102"))


Q_REQUIREMENT = 'queues["a"].requirement'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (1, 1, "EMPTY", "")),
        ("[1]", (1, 1, "WRONG_TYPE", "")),
        ("queues: [a]", (1, 9, "WRONG_TYPE", "queues")),
        ("queues:\n\tsales:\n", (2, 1, "SYNTAX", "")),
        ("queues: {a: ]}", (1, 13, "SYNTAX", "")),
        ("a: 1\n---\nb: 2", (2, 1, "SYNTAX", "")),
        ("queues:\n  a\x00b:", (2, 4, "SYNTAX", "")),
        ("[" * 100_000, (1, 33, "SYNTAX", "")),
        ("queues:\n  a:\n    requirement: >\n      b\n      an", (3, 18, "MALFORMED_REQUIREMENT", Q_REQUIREMENT)),
        ("quees: {}", (1, 1, "UNKNOWN_KEY", "quees")),
        ("queues: {a: {strategy: longest}}", (1, 24, "INVALID_VALUE", 'queues["a"].strategy')),
        ("queues: {a: {membership: all}}", (1, 26, "INVALID_VALUE", 'queues["a"].membership')),
        ("queues:\n  a:\n  b:\n  a:\n", (4, 3, "DUPLICATE_ENTRY", "queues.a")),
        ("queues: {a: {rate: 1, rate: 2}}", (1, 23, "DUPLICATE_ENTRY", 'queues["a"].rate')),
        ("queues: {[a]: {}}", (1, 10, "WRONG_TYPE", "queues")),
        ("queues: {yes: {}}", (1, 10, "WRONG_TYPE", "queues")),
        ("queues: {'': {}}", (1, 10, "EMPTY", 'queues[""].queue_id')),
        ("queues: {a: {requirement: 5}}", (1, 27, "WRONG_TYPE", 'queues["a"].requirement')),
        ("queues: {a: {requirement: }}", (1, 27, "WRONG_TYPE", 'queues["a"].requirement')),
        ("queues: {a: {requirement: b an c}}", (1, 29, "MALFORMED_REQUIREMENT", 'queues["a"].requirement')),
        ("queues: {a: {requirement: 'b an c'}}", (1, 30, "MALFORMED_REQUIREMENT", 'queues["a"].requirement')),
        ("queues: {a: {rate: 1.5}}", (1, 20, "WRONG_TYPE", 'queues["a"].rate')),
        ("queues: {a: {rate: 1:30}}", (1, 20, "WRONG_TYPE", 'queues["a"].rate')),
        ("queues: {a: {rate: true}}", (1, 20, "WRONG_TYPE", 'queues["a"].rate')),
        ("queues: {a: {rate: -1}}", (1, 20, "OUT_OF_RANGE", 'queues["a"].rate')),
        ("queues: {a: {auto_accept: 1}}", (1, 27, "WRONG_TYPE", 'queues["a"].auto_accept')),
        ("queues: {a: {offer_timeout: 20}}", (1, 29, "WRONG_TYPE", 'queues["a"].offer_timeout')),
        ("queues: {a: {offer_timeout: 20 s}}", (1, 29, "WRONG_TYPE", 'queues["a"].offer_timeout')),
        ("queues: {a: {offer_timeout: 0s}}", (1, 29, "OUT_OF_RANGE", 'queues["a"].offer_timeout')),
        ("queues: {a: {wrap_up: 31d}}", (1, 23, "OUT_OF_RANGE", 'queues["a"].wrap_up')),
        ("queues: {a: {wrap_up: -1s}}", (1, 23, "OUT_OF_RANGE", 'queues["a"].wrap_up')),
        ("queues: {a: {wrap_up: !!python/name:os.system }}", (1, 23, "WRONG_TYPE", 'queues["a"].wrap_up')),
        ("queues: &q {a: *q}", (1, 13, "UNKNOWN_KEY", 'queues["a"].a')),
        ("channels: {}", (1, 1, "EMPTY", "channels")),
        ("channels: {a: {}}", (1, 12, "EMPTY", 'channels["a"]')),
        ("channels: {a: {cost: 0}}", (1, 22, "OUT_OF_RANGE", 'channels["a"].cost')),
        ("channels: {a: {cost: 1, interrupts: [b]}}", (1, 37, "UNKNOWN_CHANNEL", 'channels["a"].interrupts')),
        ("channels: {a: {cost: 1, interrupts: [a]}}", (1, 37, "INVALID_VALUE", 'channels["a"].interrupts')),
        ("channels: {a: {cost: 1, interrupts: b}}", (1, 37, "WRONG_TYPE", 'channels["a"].interrupts')),
        ("offer_outcomes: {mised: {}}", (1, 18, "UNKNOWN_KEY", "offer_outcomes.mised")),
        ("offer_outcomes: {busy: {delay: 40d}}", (1, 32, "OUT_OF_RANGE", "offer_outcomes.busy.delay")),
        ("max_waiting: -1", (1, 14, "OUT_OF_RANGE", "max_waiting")),
    ],
)  # fmt: skip
def test_a_mistake_is_pointed_at(text: str, expected: tuple[int, int, str, str]) -> None:
    assert problems(text) == [expected]


def test_all_mistakes_are_told_in_order() -> None:
    found = problems("""
channels:
  voice: {cost: 0}
queues:
  sales:
    requirement: spanish>=60 an billing
    strategi: longest_idle
    rate: 99999999
    wrap_up: 400d
  support:
    offer_timeout: 20
max_waiting: -1
""")
    assert found == [
        (3, 17, "OUT_OF_RANGE", 'channels["voice"].cost'),
        (6, 30, "MALFORMED_REQUIREMENT", 'queues["sales"].requirement'),
        (7, 5, "UNKNOWN_KEY", 'queues["sales"].strategi'),
        (8, 11, "OUT_OF_RANGE", 'queues["sales"].rate'),
        (9, 14, "OUT_OF_RANGE", 'queues["sales"].wrap_up'),
        (11, 20, "WRONG_TYPE", 'queues["support"].offer_timeout'),
        (12, 14, "OUT_OF_RANGE", "max_waiting"),
    ]


def test_messages_say_what_would_be_right() -> None:
    with pytest.raises(BadFile) as caught:
        parse_policy("queues: {a: {strategi: random, offer_timeout: 20}}", "f.yaml")
    first, second = caught.value.lines()
    assert first == 'f.yaml:1:14: UNKNOWN_KEY queues["a"].strategi: unknown key "strategi"; did you mean "strategy"?'
    assert "20s, 500ms or 1m30s" in second
    with pytest.raises(BadFile, match="a tab; YAML indents with spaces"):
        parse_policy("queues:\n\ta:\n")


def test_files_are_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"\xef\xbb\xbfqueues: {a: {requirement: espa\xc3\xb1ol}}")
    assert load_policy(path).queues[0].requirement == "español"
    path.write_bytes(b"queues:\n  a: \xff\n")
    with pytest.raises(BadFile) as caught:
        load_policy(path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.reason) == (2, 6, "SYNTAX")


@pytest.mark.parametrize(
    ("value_ms", "text"),
    [(0, "0s"), (1, "1ms"), (1_000, "1s"), (90_000, "90s"), (120_000, "2m"), (86_400_000, "1d"), (-1_500, "-1500ms")],
)
def test_durations_are_written_in_the_largest_unit(value_ms: int, text: str) -> None:
    assert duration_text(value_ms) == text


spans = st.integers(0, limits.DURATION_MS_MAX)
ids = st.one_of(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=9),
    st.sampled_from(["no", "1", "1.5", "null", "~", "<<", "=", "2026-01-01", "- a", "a: b", "# c", " d "]),
)
accepting = [(s, a) for s in sorted(Strategy) for a in (False, True) if not (a and s is Strategy.BROADCAST)]
queues = st.builds(
    lambda how, **rest: QueueSpec(strategy=how[0], auto_accept=how[1], **rest),
    st.sampled_from(accepting),
    queue_id=ids,
    requirement=st.sampled_from(["", "no", "true", "a>=3 and (b or not c)", '"x: y" or "#z"']),
    membership=st.sampled_from(Membership),
    offer_timeout_ms=st.integers(1, limits.DURATION_MS_MAX),
    wrap_up_ms=spans,
    credit_ms=st.integers(-limits.CREDIT_MS_MAX, limits.CREDIT_MS_MAX),
    rate=st.integers(0, limits.RATE_MAX),
    max_tier=st.none() | st.integers(0, limits.TIER_MAX),
    max_waiting=st.none() | st.integers(0, 9),
)
outcomes = st.builds(OutcomePolicy, spans, spans, st.integers(0, limits.AWAY_AFTER_MAX))
policies = st.builds(
    Policy,
    channels=st.lists(ids, min_size=1, max_size=3, unique=True).map(
        lambda names: tuple(Channel(name, 5, tuple(names[:i])) for i, name in enumerate(names))
    ),
    queues=st.lists(queues, max_size=3, unique_by=lambda queue: queue.queue_id).map(tuple),
    tier_first=st.booleans(),
    short_abandon_ms=spans,
    presence_lease_ms=spans,
    max_waiting=st.none() | st.integers(0, 9),
    offer_outcomes=st.builds(OfferOutcomes, outcomes, outcomes, outcomes, outcomes),
)


@given(policies)
@settings(max_examples=100, deadline=None)
def test_policies_come_back_equal(policy: Policy) -> None:
    assert parse_policy(policy_yaml(policy)) == policy


@given(st.text(alphabet="abq:{}[]- \n#&*!|>'\"%@`,?ues<\t0s", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_policy_or_named_as_bad(text: str) -> None:
    try:
        parse_policy(text)
    except BadFile as bad:
        assert bad.problems
