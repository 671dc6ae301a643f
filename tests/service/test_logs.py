"""Logs: for people and as JSON, with what is needed to follow a request, and without customers' data."""

import io
import json
import logging
from typing import Any

import pytest

from acd.v1 import contact_commands_pb2, customer_pb2, customer_service_pb2, customer_service_pb2_grpc
from acd_core.refusal import Reason, Refused
from acd_service import logs
from acd_service.journal import JournalWriteFailed
from acd_service.log_fields import facts
from acd_service.observe_settings import LogSettings
from acd_service.thinned_log import ThinnedLog

SECRETS = ("Erika-Mustermann", "tel-00491701234567", "note-about-divorce")


def lines_of(service: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.stderr_path.read_text().splitlines()]


@pytest.fixture
def start(make_service, tmp_path):
    """A service that logs as JSON at level debug, and a client of it."""

    def run(**log: Any):
        config = tmp_path / "acd.yaml"
        config.write_text(json.dumps({"log": {"format": "json", "level": "debug"} | log}))
        service = make_service("--config", str(config))
        return service, service.start()

    return run


def a_day_with_secrets(client, failure_of) -> None:
    """Commands that carry a customer, attributes and an address, some of them refused."""
    name, address, note = SECRETS
    client.apply_policy()
    client.sign_on("ann")
    customers = customer_service_pb2_grpc.CustomerServiceStub(client.channel)
    customers.UpsertCustomers(
        customer_pb2.UpsertCustomersRequest(
            customers=[
                customer_pb2.Customer(
                    customer_id=name, addresses=[customer_pb2.CustomerAddress(kind="KIND_HANDLE", value=address)]
                )
            ]
        )
    )
    failure_of(
        lambda: customers.LookUpCustomer(customer_service_pb2.LookUpCustomerRequest(customer_id=f"{name}-unknown"))
    )
    made = client.enqueue("call-1", request_id="req-1", customer_id=name, attributes={"why": note})
    client.accept("call-1", "ann", made.contact.offer_id)
    failure_of(lambda: client.enqueue("call-1", request_id="req-2", customer_id=name, attributes={"why": "other"}))
    failure_of(lambda: client.enqueue("call-2", request_id="req-3", requirement=f"{note} ((("))
    client.routing.CompleteContact(contact_commands_pb2.CompleteContactRequest(contact_id="call-1", agent_id="ann"))


def test_a_request_can_be_followed_and_nobody_learns_about_customers(start, failure_of) -> None:
    service, client = start()
    a_day_with_secrets(client, failure_of)
    service.stop()
    text = service.stderr_path.read_text()
    for secret in SECRETS:
        assert secret not in text
    lines = lines_of(service)
    (committed,) = [line for line in lines if line.get("request_id") == "req-1"]
    assert committed["message"] == "committed"
    assert (committed["tenant"], committed["kind"], committed["contact_id"]) == ("default", "ENQUEUE_CONTACT", "call-1")
    assert committed["seq"] > 0
    refused = [line for line in lines if line.get("request_id") == "req-2"]
    assert {line["reason"] for line in refused} == {"CONTACT_EXISTS"}
    assert "RoutingService/EnqueueContact" in {line.get("method") for line in refused}
    assert all(line["level"] in ("debug", "info", "warning") for line in lines), text


def test_customers_are_told_about_if_an_operator_asks(start, failure_of) -> None:
    service, client = start(customer_data=True)
    a_day_with_secrets(client, failure_of)
    service.stop()
    refusals = [line for line in lines_of(service) if line["message"] == "call refused"]
    assert any(SECRETS[0] in line["why"] for line in refusals)


def test_at_the_usual_level_routing_says_nothing(make_service, tmp_path) -> None:
    (tmp_path / "acd.yaml").write_text("log: {format: json, level: error}\n")
    service = make_service("--config", str(tmp_path / "acd.yaml"))
    client = service.start()
    client.apply_policy()
    client.enqueue()
    service.stop()
    assert service.stderr_path.read_text() == ""


def logged(settings: LogSettings, *args: Any, **options: Any) -> str:
    """One record as it would be written."""
    formatter = logs.JsonFormatter(settings) if settings.format == "json" else logs.LinesFormatter(settings)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("a.test", logging.DEBUG)
    logger.addHandler(handler)
    logger.error(*args, **options)
    return stream.getvalue()


def failing(error: BaseException) -> BaseException:
    """An error as it is when it is caught: with a stack and a cause."""
    try:
        try:
            raise KeyError(SECRETS[1])
        except KeyError as cause:
            raise error from cause
    except BaseException as caught:
        return caught


@pytest.mark.parametrize("style", ["json", "people"])
@pytest.mark.parametrize(
    "error", [ValueError(SECRETS[0]), Refused(Reason.INVALID_VALUE, "attributes", SECRETS[0])], ids=type
)
def test_messages_of_errors_that_may_quote_a_caller_are_withheld(style, error) -> None:
    caught = failing(error)
    text = logged(LogSettings(format=style), "it failed: %s", caught, exc_info=caught)
    assert type(error).__name__ in text
    assert "in failing" in text
    assert not any(secret in text for secret in SECRETS)
    text = logged(LogSettings(format=style, customer_data=True), "it failed: %s", caught, exc_info=caught)
    assert SECRETS[0] in text
    assert SECRETS[1] in text


def test_messages_about_the_machine_are_told() -> None:
    for error in (OSError(28, "No space left on device"), JournalWriteFailed("disk full")):
        assert str(error) in logged(LogSettings(), "no commit: %s", error)


def test_lines_for_people_are_one_line_each_whatever_an_id_holds() -> None:
    text = logged(LogSettings(), "committed", extra=facts(contact_id="c1\n2030 ERROR forged", agent_id="Ann Lee"))
    assert text.count("\n") == 1
    assert "agent_id='Ann Lee'" in text


def test_json_lines_are_objects_whatever_is_in_them() -> None:
    record = json.loads(logged(LogSettings(format="json"), "100 %", extra=facts({"why": "x"}, level="a", n=2**70)))
    assert record["message"] == "100 %"
    assert record["level"] == "error"
    assert "why" not in record


def test_of_many_equal_records_one_a_second_is_written_and_says_how_many_there_were() -> None:
    now_ns = 0
    thinned = ThinnedLog(lambda: now_ns)
    assert [thinned.left_out("a") for _ in range(4)] == [0, None, None, None]
    assert thinned.left_out("b") == 0, "another kind"
    now_ns += 999_999_999
    assert thinned.left_out("a") is None
    now_ns += 1
    assert [thinned.left_out("a") for _ in range(2)] == [4, None]
    now_ns += 1_000_000_000
    assert (thinned.left_out("a"), thinned.left_out("b")) == (1, 0)
