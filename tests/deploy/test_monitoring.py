"""Dashboard, alerts and documentation name metrics and labels that a service really has."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from acd.v1 import admin_service_pb2, contact_commands_pb2, policy_commands_pb2, policy_pb2
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from acd.v1.routing_service_pb2_grpc import RoutingServiceStub
from acd_service.metrics.catalogue import FAMILIES, table

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "service/deploy"
ALERTS_TEST = Path(__file__).with_name("alerts_test.yaml")
OPERATIONS = ROOT / "docs/operations.md"

Labels = dict[str, set[str]]
"""The labels of each sample's name."""

ADDED_BY_PROMETHEUS = {"job", "instance"}
KEYWORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool"}
FUNCTIONS = {
    "rate", "increase", "changes", "predict_linear", "histogram_quantile", "sum", "min", "max", "topk", "time",
    "label_values",
}  # fmt: skip
VARIABLES = {"$__rate_interval": "5m", "$instance": ".*", "$tenant": ".*"}


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labels]:
    """What a service tells after a call that was answered, one that was refused, and a snapshot."""
    process = subprocess.Popen(
        [sys.executable, "-m", "acd_service.cli", "serve", "--data", str(tmp_path_factory.mktemp("acd") / "data"),
         "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        address = url = ""
        for line in process.stdout:
            found = re.search(r"listening on (\S+)|metrics at (\S+)", line)
            address, url = (found[1] or address, found[2] or url) if found else (address, url)
            if url:
                break
        with grpc.insecure_channel(address) as channel:
            policy = policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id="sales")])
            PolicyServiceStub(channel).ApplyPolicy(policy_commands_pb2.ApplyPolicyRequest(policy=policy))
            routing = RoutingServiceStub(channel)
            routing.EnqueueContact(contact_commands_pb2.EnqueueContactRequest(queue_id="sales"))
            with pytest.raises(grpc.RpcError):
                routing.EnqueueContact(contact_commands_pb2.EnqueueContactRequest(queue_id="nowhere"))
            AdminServiceStub(channel).TakeSnapshot(admin_service_pb2.TakeSnapshotRequest())
        with urllib.request.urlopen(url, timeout=20) as answer:
            text = answer.read().decode()
        labels: Labels = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels.setdefault(sample.name, set()).update(sample.labels)
        yield labels
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def faults_of(expression: str, known: Labels) -> list[str]:
    """What is wrong with a query: metrics and labels that no scrape has, functions not meant, brackets that do not
    match.
    """
    faults = []
    query = expression
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    if "$" in query:
        faults.append(f"a variable that is not there: {query}")
    query = re.sub(r'"(?:[^"\\]|\\.)*"', '""', query)
    labels = ADDED_BY_PROMETHEUS.copy()
    for name, inside in re.findall(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}", query):
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside):
            if name in known and label not in known[name] | ADDED_BY_PROMETHEUS:
                faults.append(f"{name} has no label {label}")
    bare = re.sub(r"\{[^}]*\}", "", query)
    groups = re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", bare)
    bare = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", r"\1", bare)
    bare = re.sub(r"\[[\w.]+(:[\w.]*)?\]", "", bare)
    for name, bracket in re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)\s*(\(?)", bare):
        if name in KEYWORDS | FUNCTIONS:
            continue
        if bracket:
            faults.append(f"{name} is no function")
        elif name in known:
            labels |= known[name]
        elif name != "up":
            faults.append(f"there is no metric {name}")
    for label in re.split(r"[\s,]+", " ".join(groups)):
        if label and label not in labels:
            faults.append(f"no metric here has the label {label}")
    for opening, closing in ("()", "{}", "[]"):
        if query.count(opening) != query.count(closing):
            faults.append(f"{opening}{closing} do not match")
    return faults


@pytest.fixture(scope="module")
def alerts() -> dict[str, Any]:
    groups = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"]
    assert len({group["name"] for group in groups}) == len(groups)
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    return {rule["alert"]: rule for rule in rules}


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    return json.loads((DEPLOY / "dashboard.json").read_text())


def queries_of(dashboard: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", ())]
    found += [(entry["name"], entry["expr"]) for entry in dashboard["annotations"]["list"]]
    return found


def test_the_reader_of_queries_finds_faults(scraped: Labels) -> None:
    for wrong in (
        "acd_contact",
        "sum by (queue) (acd_serving)",
        'acd_contacts{queue="x"}',
        "rates(acd_calls_total[5m])",
        "sum(acd_serving",
        "acd_serving{instance=~'$where'}",
        "acd_call_seconds",  # a histogram has only its parts
    ):
        assert faults_of(wrong, scraped), wrong
    right = 'sum by (tenant, le) (rate(acd_call_seconds_bucket{instance=~"$instance"}[5m])) > 0 and acd_last_seq'
    assert faults_of(right, scraped) == []


def test_alerts_ask_for_what_there_is(alerts, scraped: Labels) -> None:
    for name, rule in alerts.items():
        assert faults_of(rule["expr"], scraped) == [], name
        assert rule["labels"]["severity"] in ("page", "ticket"), name
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m")), name
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus's promtool is not installed")
@pytest.mark.parametrize("arguments", [("check", "rules", DEPLOY / "alerts.yaml"), ("test", "rules", ALERTS_TEST)])
def test_promtool_finds_no_fault_and_alerts_ring_when_they_should(arguments: tuple[Any, ...]) -> None:
    ran = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_alerts_tell_of_labels_that_their_query_keeps(alerts, scraped: Labels) -> None:
    for name, rule in alerts.items():
        told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        aggregated = re.search(r"by \(([^)]*)\)", rule["expr"])
        kept = set(re.split(r",\s*", aggregated[1])) if aggregated else set(ADDED_BY_PROMETHEUS)
        if not aggregated:
            for metric in re.findall(r"\b(?:acd|process|python)_\w+", rule["expr"]):
                kept |= scraped[metric]
        assert told <= kept, name


def test_every_alert_has_its_paragraph_and_no_paragraph_is_left_over(alerts) -> None:
    paragraphs = re.findall(r"^### (Acd\w+)$", OPERATIONS.read_text(), re.MULTILINE)
    assert paragraphs == list(alerts)


def test_the_dashboard_asks_for_what_there_is(dashboard, scraped: Labels) -> None:
    queries = queries_of(dashboard)
    assert len(queries) > 30
    for title, expression in queries:
        assert faults_of(expression, scraped) == [], title
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
            assert label in scraped[metric] | ADDED_BY_PROMETHEUS


def test_the_dashboard_shows_every_metric(dashboard) -> None:
    text = " ".join(expression for _, expression in queries_of(dashboard))
    told_elsewhere = {
        "acd_build_info", "acd_calls_total", "acd_tenants", "acd_last_event_seq", "acd_policy_version",
        "acd_queues_with_contacts",
    }  # fmt: skip
    missing = {family.name for family in FAMILIES if family.name not in text}
    assert missing == told_elsewhere


def test_panels_do_not_lie_on_each_other(dashboard) -> None:
    taken: set[tuple[int, int]] = set()
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_table_of_metrics_is_the_catalogue() -> None:
    assert table() in OPERATIONS.read_text()
