"""The policies that the documentation shows can be used as they stand."""

import re
from pathlib import Path

import pytest

from acd.v1.policy_commands_pb2 import ApplyPolicyRequest
from acd_core.commands import ApplyPolicy
from acd_core.policy import OfferOutcomes, Policy
from acd_service import codec
from acd_service.policy_file import load_policy, parse_policy, policy_yaml
from acd_service.yaml_document import BadFile

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = re.findall(r"```yaml\n(.*?)```", (DOCS / "policy.md").read_text(), re.DOTALL)


def test_the_example_loads() -> None:
    policy = load_policy(DOCS / "examples" / "policy.yaml")
    assert (len(policy.queues), len(policy.plans), len(policy.calendars)) == (6, 1, 1)
    assert parse_policy(policy_yaml(policy)) == policy


def test_the_example_goes_over_the_wire() -> None:
    policy = load_policy(DOCS / "examples" / "policy.yaml")
    request = ApplyPolicyRequest(policy=codec.policy_message(policy))
    command = codec.command_of(request)
    assert isinstance(command, ApplyPolicy)
    assert command.policy == policy


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


def test_an_unknown_time_zone_is_told_with_its_place() -> None:
    with pytest.raises(BadFile) as caught:
        parse_policy("calendars:\n  office:\n    time_zone: Mars/Olympus\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.reason, problem.field) == (3, "INVALID_VALUE", 'calendars["office"].time_zone')
