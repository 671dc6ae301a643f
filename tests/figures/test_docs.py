"""The examples of the pages on figures and policies are true."""

import doctest
import re
from pathlib import Path

from acd_service.policy_file import parse_policy
from acd_service.policy_lint import lint

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_of_service_levels():
    failed, tried = doctest.testfile(str(DOCS / "figures.md"), module_relative=False)
    assert (failed, tried) == (0, 3)


def test_the_plans_of_the_page_on_policies():
    page = (DOCS / "policy.md").read_text()
    (text,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.S) if "\nplans:" in block]
    policy = parse_policy(text)
    assert len(policy.plans[0].steps) == 7
    assert lint(policy) == []
