"""Quotas: what is beyond one is refused by name, changes nothing, and concerns nobody else."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from acd_service.identity.identity import Role
from acd_service.metering import Metering
from acd_service.service_error import QuotaExceeded
from acd_service.tenant_settings import BadTenant, Quotas

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
SECOND = 1_000_000_000


class Clock:
    now_ns = 5 * SECOND

    def __call__(self) -> int:
        return self.now_ns


def test_a_second_of_commands_at_once_then_as_they_are_earned() -> None:
    clock = Clock()
    metering = Metering(Quotas(commands_per_s=10), clock)
    for _ in range(10):
        metering.take()
    with pytest.raises(QuotaExceeded) as refused:
        metering.take()
    assert (refused.value.quota, refused.value.limit, refused.value.retry_after_ms) == ("commands_per_s", 10, 100)
    clock.now_ns += 99_000_000
    with pytest.raises(QuotaExceeded) as refused:
        metering.take()
    assert refused.value.retry_after_ms == 1
    clock.now_ns += 1_000_000
    metering.take()
    with pytest.raises(QuotaExceeded):
        metering.take()
    clock.now_ns += 3_600 * SECOND  # no more is saved up than one second's worth
    for _ in range(10):
        metering.take()
    with pytest.raises(QuotaExceeded):
        metering.take()


def test_a_large_batch_is_paid_back() -> None:
    clock = Clock()
    metering = Metering(Quotas(commands_per_s=10), clock)
    metering.take(35)
    with pytest.raises(QuotaExceeded) as refused:
        metering.take()
    assert refused.value.retry_after_ms == 2_600
    clock.now_ns += 2_600_000_000
    metering.take()


def test_no_quota_no_bound() -> None:
    metering = Metering(Quotas())
    with contextlib.ExitStack() as open_streams:
        for _ in range(1_000):
            metering.take(1_000)
            open_streams.enter_context(metering.stream(subscribes=True))
        assert (metering.streams, metering.subscribers) == (1_000, 1_000)
    assert (metering.streams, metering.subscribers) == (0, 0)


@pytest.mark.parametrize("value", [-1, 2**31, 1.5, True, "many", None])
def test_bad_quotas_are_named(value) -> None:
    with pytest.raises(BadTenant, match="waiting_max"):
        Quotas.of({"waiting_max": value})
    with pytest.raises(BadTenant, match="no such quota"):
        Quotas.of({"agent_max": 1})


QUOTAS = {"agents_max": 2, "waiting_max": 3, "queues_max": 1, "streams_max": 2, "subscribers_max": 1}


def test_over_a_socket(make_house, refusal_of) -> None:
    house = make_house("acme", "globex", tenants={"acme": QUOTAS, "globex": {}})
    acme, globex = house.caller("acme"), house.caller("globex")
    for caller in (acme, globex):
        caller("PolicyService/ApplyPolicy", policy={"queues": [{"queue_id": "sales"}]})

    def beyond(caller) -> dict:
        two = {"queues": [{"queue_id": "sales"}, {"queue_id": "vip"}]}
        three = [{"agent_id": name} for name in ("a", "b", "c")]
        return {
            "QUEUE_LIMIT": lambda: caller("PolicyService/ApplyPolicy", policy=two),
            "AGENT_LIMIT": lambda: caller("AgentService/UpsertAgents", agents=three),
            "WAITING_LIMIT": lambda: caller("RoutingService/EnqueueContact", contact_id="d", queue_id="sales"),
        }

    for caller in (acme, globex):
        for name in "abc":
            caller("RoutingService/EnqueueContact", contact_id=name, queue_id="sales")
    digest = acme("AdminService/GetStatus", with_state_digest=True).state_digest
    for reason, call in beyond(acme).items():
        refusal = refusal_of(call)
        assert (refusal.code, refusal.reason) == (EXHAUSTED, reason)
    assert refusal_of(beyond(acme)["WAITING_LIMIT"]).retry_after_ms > 0
    assert acme("AdminService/GetStatus", with_state_digest=True).state_digest == digest
    for call in beyond(globex).values():
        call()

    first = acme.stream("EventService/Subscribe", from_event_seq=1)
    next(iter(first))
    refusal = refusal_of(lambda: acme.stream("EventService/Subscribe", from_event_seq=1))
    assert (refusal.code, refusal.reason) == (EXHAUSTED, "QUOTA_EXCEEDED")
    assert (refusal.facts["quota"], refusal.facts["limit"]) == ("subscribers_max", "1")
    assert refusal.retry_after_ms > 0
    second = acme.stream("InsightService/WatchStats")
    next(iter(second))
    refusal = refusal_of(lambda: acme.stream("InsightService/WatchStats"))
    assert refusal.facts["quota"] == "streams_max"
    next(iter(globex.stream("InsightService/WatchStats")))
    first.cancel()
    second.cancel()

    # The limits hold after a restart too.
    house.kill()
    house.start()
    refusal = refusal_of(beyond(house.caller("acme"))["AGENT_LIMIT"])
    assert refusal.reason == "AGENT_LIMIT"


def test_the_rate_over_a_socket(make_house, refusal_of) -> None:
    house = make_house("acme", "globex", tenants={"acme": {"commands_per_s": 1}, "globex": {}})
    acme, globex = house.caller("acme"), house.caller("globex")
    agents = [{"agent_id": "ann"}]

    def hurry() -> None:
        for _ in range(1_000):
            acme("AgentService/UpsertAgents", agents=agents)

    refusal = refusal_of(hurry)
    assert (refusal.code, refusal.reason, refusal.facts["quota"]) == (EXHAUSTED, "QUOTA_EXCEEDED", "commands_per_s")
    assert 0 < refusal.retry_after_ms <= 1_000
    for _ in range(5):
        globex("AgentService/UpsertAgents", agents=agents)
    acme("AgentService/ListAgents")  # questions are not counted


def test_beyond_the_rate_a_call_is_refused_before_it_is_read(make_house, refusal_of) -> None:
    house = make_house("acme", tenants={"acme": {"commands_per_s": 1}})
    router, supervisor = house.caller("acme", Role.ROUTER), house.caller("acme", Role.SUPERVISOR)
    house.caller("acme", Role.OPERATOR)("PolicyService/ApplyPolicy", policy={"queues": [{"queue_id": "sales"}]})
    refused = set()
    # No request is read that is none, but as long as the quota is not spent that is what is wrong with it.
    while "QUOTA_EXCEEDED" not in refused:
        refusal = refusal_of(lambda: router.send("RoutingService/CancelContact", b"\xff"))
        refused.add(refusal.reason)
        with contextlib.suppress(type(refusal)):
            router("RoutingService/EnqueueContact", queue_id="sales")
    assert refused <= {"QUOTA_EXCEEDED", "INVALID_VALUE"}
    assert (refusal.code, refusal.facts["quota"]) == (EXHAUSTED, "commands_per_s")
    assert 0 < refusal.retry_after_ms <= 1_000
    # Whoever may not ask hears that, and nothing of quotas.
    assert refusal_of(lambda: supervisor("RoutingService/EnqueueContact")).reason == "PERMISSION_DENIED"


def test_beside_a_flood_beyond_its_quota_others_are_served(make_house, refusal_of) -> None:
    house = make_house("acme", "globex", tenants={"acme": {"commands_per_s": 1}, "globex": {}})
    acme, globex = house.caller("acme", Role.ROUTER), house.caller("globex")
    globex("PolicyService/ApplyPolicy", policy={"queues": [{"queue_id": "sales"}]})
    served = threading.Event()

    def flood() -> set[tuple[grpc.StatusCode, str]]:
        told = set()
        while not served.is_set():
            refusal = refusal_of(lambda: acme("RoutingService/EnqueueContact", queue_id="nobody"))
            told.add((refusal.code, refusal.reason))
        return told

    with ThreadPoolExecutor(8) as floods:
        told = [floods.submit(flood) for _ in range(8)]
        try:
            answers = [globex("RoutingService/EnqueueContact", queue_id="sales") for _ in range(50)]
        finally:
            served.set()
    assert len({answer.contact.contact_id for answer in answers}) == 50
    kinds = set().union(*(each.result() for each in told))
    assert (EXHAUSTED, "QUOTA_EXCEEDED") in kinds
    assert kinds <= {(EXHAUSTED, "QUOTA_EXCEEDED"), (grpc.StatusCode.NOT_FOUND, "UNKNOWN_QUEUE")}


@pytest.mark.parametrize(
    ("tenants", "told"),
    [
        ({"a/b": {}}, "tenants: 'a/b'"),
        ({"acme": {"agents": 1}}, "tenants.acme.agents: there is no such quota"),
        ({"acme": {"agents_max": -1}}, "tenants.acme.agents_max: -1"),
        (["acme"], "tenants: ['acme'] is not of the right kind"),
    ],
)
def test_bad_settings_are_named(tmp_path, tenants, told) -> None:
    import yaml

    from acd_service.config import BadConfig, Config

    path = tmp_path / "acd.yaml"
    path.write_text(yaml.safe_dump({"tenants": tenants}))
    with pytest.raises(BadConfig) as bad:
        Config.load(path)
    assert told in str(bad.value)
