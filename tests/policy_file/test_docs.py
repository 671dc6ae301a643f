"""The policies that the documentation shows can be used as they stand."""

import re
from pathlib import Path

import pytest

from acd_core.policy import OfferOutcomes, Policy
from acd_service.policy_file import load_policy, parse_policy

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = re.findall(r"```yaml\n(.*?)```", (DOCS / "policy.md").read_text(), re.DOTALL)


def test_the_example_loads() -> None:
    assert len(load_policy(DOCS / "examples" / "policy.yaml").queues) == 6


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 6


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_loads(block: str) -> None:
    parse_policy(block)


def test_what_the_page_calls_defaults_are_the_defaults() -> None:
    (outcomes,) = (block for block in BLOCKS if block.startswith("offer_outcomes"))
    assert parse_policy(outcomes).offer_outcomes == OfferOutcomes()
    (rest,) = (block for block in BLOCKS if block.startswith("tier_first"))
    assert parse_policy(rest.replace("max_waiting", "# max_waiting")) == Policy()
