"""`acd customers` against a service, and its files."""

import json
import os
import subprocess
import sys

import pytest

CSV = '''\
customer_id,display_name,phones,mails,priority,credit_ms,requirement,preferred_agent_ids,attributes
acme,"A, B",+34911234567;+34911234568,boss@acme.example,5,60000,spanish>=50,ann;bob,"tier=gold;""a;b=c d """
plain,,,,,,,,
bad-number,,911,,,,,,
bad-requirement,,,,,,and,,
acme,,,,,,,,
thief,,+34911234567,,,,,,
wrong,,,,many,,,,
short,row
'''


@pytest.fixture
def acd(tmp_path, make_service):
    service = make_service()
    service.start()

    def run(*args, stdin=""):
        return subprocess.run(
            [sys.executable, "-m", "acd_service.cli", *args], input=stdin, capture_output=True, text=True, timeout=120,
            cwd=tmp_path, env=os.environ | {"ACD_SERVER": service.address},
        )  # fmt: skip

    return run


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_in_and_out_again(acd, tmp_path, kind):
    (tmp_path / "in.csv").write_text(CSV)
    ran = acd("customers", "import", "in.csv", "--json")
    outcome = json.loads(ran.stdout)
    assert (ran.returncode, outcome["rows"], outcome["imported"]) == (2, 8, 2)
    assert [(row["line"], row["field"], row["reason"]) for row in outcome["refused"]] == [
        (4, "addresses[0].value", "INVALID_VALUE"),
        (5, "requirement", "MALFORMED_REQUIREMENT"),
        (6, "customer_id", "DUPLICATE_ENTRY"),
        (7, "addresses[0].value", "DUPLICATE_ENTRY"),
        (8, "priority", "WRONG_TYPE"),
        (9, "", "SYNTAX"),
    ]
    out = f"out.{kind}"
    assert json.loads(acd("customers", "export", out, "--json").stdout) == {"file": out, "exported": 2}
    again = acd("customers", "import", out)
    assert (again.returncode, again.stdout) == (0, "2 customers imported.\n")
    shown = json.loads(acd("customers", "export", "--json").stdout)["customers"]
    assert shown[0] == {
        "customer_id": "acme", "display_name": "A, B", "phones": ["+34911234567", "+34911234568"],
        "mails": ["boss@acme.example"], "handles": [], "priority": 5, "credit_ms": 60_000,
        "requirement": "spanish>=50", "preferred_agent_ids": ["ann", "bob"],
        "attributes": {"a;b": "c d ", "tier": "gold"},
    }  # fmt: skip
    assert shown[1]["customer_id"] == "plain"


def test_json_lines_that_cannot_be_used(acd):
    rows = ['{"customer_id": "a"}', "nonsense", "[]", '{"customer_id": "b", "colour": "red"}',
            '{"customer_id": "c", "priority": "high"}', '{"display_name": "nobody"}']  # fmt: skip
    ran = acd("customers", "import", "-", "--format", "jsonl", stdin="\n".join(rows))
    assert ran.returncode == 2
    assert "-: line 2: SYNTAX" in ran.stdout
    assert "line 4: UNKNOWN_KEY colour" in ran.stdout
    assert "line 6: EMPTY customer_id" in ran.stdout
    assert "1 customers imported, 5 left out." in ran.stdout


def test_a_header_that_cannot_be_used(acd):
    ran = acd("customers", "import", "-", "--format", "csv", stdin="id,name\n1,2\n")
    assert (ran.returncode, "line 1: EMPTY customer_id" in ran.stdout) == (2, True)
