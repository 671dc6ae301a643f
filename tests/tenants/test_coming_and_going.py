"""Tenants made, suspended, resumed and removed while the service runs, over a real socket; a kill changes nothing."""

import time

import apsw
import grpc

from acd_service.data_dir import journal_path
from acd_service.identity.identity import Role


def names(host) -> dict[str, int]:
    return {tenant.name: tenant.state for tenant in host("TenantService/ListTenants").tenants}


SERVED, SUSPENDED = 1, 2
DENIED, PRECONDITION = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.FAILED_PRECONDITION


def begin(caller) -> None:
    caller("PolicyService/ApplyPolicy", policy={"queues": [{"queue_id": "sales"}]})
    caller("RoutingService/EnqueueContact", contact_id="call-1", queue_id="sales")


def test_a_tenant_from_its_making_to_its_removal(make_house, refusal_of) -> None:
    house = make_house("acme", "globex")
    host = house.caller("default", Role.HOST)
    acme, globex = house.caller("acme"), house.caller("globex")
    assert refusal_of(lambda: acme("AdminService/GetStatus")).code == DENIED
    for name in ("acme", "globex"):
        made = host("TenantService/CreateTenant", name=name, quotas={"agents_max": 7}).tenant
        assert (made.name, made.state, made.quotas.agents_max, made.seq) == (name, SERVED, 7, 0)
    assert names(host) == {"acme": SERVED, "default": SERVED, "globex": SERVED}
    begin(acme)
    begin(globex)
    acme("CustomerService/UpsertCustomers", customers=[{"customer_id": "c-1"}])
    acme("AdminService/TakeSnapshot")
    globex("AdminService/TakeSnapshot")

    stream = acme.stream("EventService/Subscribe", from_event_seq=1)
    next(iter(stream))
    assert host("TenantService/SuspendTenant", name="acme").tenant.state == SUSPENDED
    assert refusal_of(lambda: stream).code == grpc.StatusCode.UNAVAILABLE
    for call, fields in (
        ("AdminService/GetStatus", {}),
        ("RoutingService/GetContact", {"contact_id": "call-1"}),
        ("RoutingService/EnqueueContact", {"contact_id": "call-2", "queue_id": "sales"}),
        ("CustomerService/LookUpCustomer", {"customer_id": "c-1"}),
    ):
        refusal = refusal_of(lambda call=call, fields=fields: acme(call, **fields))
        assert (refusal.code, refusal.reason) == (PRECONDITION, "TENANT_SUSPENDED"), call
    assert refusal_of(lambda: acme.stream("EventService/Subscribe", now={})).reason == "TENANT_SUSPENDED"
    assert globex("RoutingService/GetContact", contact_id="call-1").contact.queue_id == "sales"

    house.kill()
    house.start()
    host, acme, globex = house.caller("default", Role.HOST), house.caller("acme"), house.caller("globex")
    assert names(host) == {"acme": SUSPENDED, "default": SERVED, "globex": SERVED}
    assert refusal_of(lambda: acme("AdminService/GetStatus")).reason == "TENANT_SUSPENDED"

    resumed = host("TenantService/ResumeTenant", name="acme").tenant
    # What it did, and one Resume.
    assert (resumed.state, resumed.seq, resumed.quotas.agents_max) == (SERVED, 3, 7)
    assert acme("RoutingService/GetContact", contact_id="call-1").contact.queue_id == "sales"
    assert acme("CustomerService/LookUpCustomer", customer_id="c-1").customer.customer_id == "c-1"

    refusal = refusal_of(lambda: host("TenantService/RemoveTenant", name="acme"))
    assert (refusal.code, refusal.reason) == (PRECONDITION, "TENANT_NOT_SUSPENDED")
    host("TenantService/SuspendTenant", name="acme")
    host("TenantService/RemoveTenant", name="acme")
    assert names(host) == {"default": SERVED, "globex": SERVED}
    assert refusal_of(lambda: acme("AdminService/GetStatus")).code == DENIED
    assert refusal_of(lambda: host("TenantService/ResumeTenant", name="acme")).reason == "UNKNOWN_TENANT"
    assert kept_of(house.data, "acme") == {}
    assert kept_of(house.data, "globex")["commands"] > 0
    assert not (house.data / "tenants" / "acme").exists()
    assert [path.name.split("-")[0] for path in (house.data / "snapshots").iterdir()] == ["globex"]

    # A new one of that name has nothing of the old one.
    host("TenantService/CreateTenant", name="acme")
    assert acme("AdminService/GetStatus").seq == 0
    assert len(acme("CustomerService/ListCustomers").customers) == 0
    house.kill()
    house.start()
    assert names(house.caller("default", Role.HOST)) == {"acme": SERVED, "default": SERVED, "globex": SERVED}


def kept_of(data_dir, tenant: str) -> dict[str, int]:
    connection = apsw.Connection(str(journal_path(data_dir)), flags=apsw.SQLITE_OPEN_READONLY)
    tables = ("tenants", "commands", "events", "command_chunks", "event_chunks", "policies")
    counts = {
        table: connection.execute(f"SELECT count(*) FROM {table} WHERE tenant = ?", (tenant,)).get for table in tables
    }
    counts["facts"] = connection.execute("SELECT count(*) FROM facts WHERE name LIKE ?", (f"tenant/{tenant}/%",)).get
    connection.close()
    return {table: count for table, count in counts.items() if count}


def test_what_cannot_be_is_refused_by_name(make_house, refusal_of) -> None:
    house = make_house("acme", tenants={"acme": {}})
    host = house.caller("default", Role.HOST)
    before = names(host)
    for call, fields, reason in (
        ("CreateTenant", {"name": "acme"}, "TENANT_EXISTS"),
        ("CreateTenant", {"name": "../etc"}, "INVALID_VALUE"),
        ("CreateTenant", {"name": ""}, "INVALID_VALUE"),
        ("CreateTenant", {"name": "x", "quotas": {"agents_max": 2**31}}, "INVALID_VALUE"),
        ("SuspendTenant", {"name": "default"}, "TENANT_NEEDED"),
        ("SuspendTenant", {"name": "nobody"}, "UNKNOWN_TENANT"),
        ("ResumeTenant", {"name": "nobody"}, "UNKNOWN_TENANT"),
        ("RemoveTenant", {"name": "nobody"}, "UNKNOWN_TENANT"),
        ("RemoveTenant", {"name": "acme"}, "TENANT_IN_SETTINGS"),
    ):
        refusal = refusal_of(lambda call=call, fields=fields: host(f"TenantService/{call}", **fields))
        assert refusal.reason == reason, (call, fields)
    assert names(host) == before
    # To repeat changes nothing.
    make = {"name": "initech", "request_id": "m-1", "quotas": {"agents_max": 3}}
    assert [host("TenantService/CreateTenant", **make).duplicate for _ in range(2)] == [False, True]
    house.kill()
    house.start()
    host = house.caller("default", Role.HOST)
    assert host("TenantService/CreateTenant", **make).duplicate
    for other in ({"request_id": "m-2"}, {"quotas": {"agents_max": 4}}):
        refusal = refusal_of(lambda other=other: host("TenantService/CreateTenant", **(make | other)))
        assert refusal.reason == "TENANT_EXISTS"
    for call, state in (("SuspendTenant", SUSPENDED), ("ResumeTenant", SERVED)):
        for _ in range(2):
            assert host(f"TenantService/{call}", name="acme").tenant.state == state
    assert refusal_of(lambda: house.caller("acme")("TenantService/ListTenants")).code == DENIED
    assert refusal_of(lambda: host("AdminService/GetStatus")).code == DENIED


def test_timers_stand_still_while_suspended(make_house) -> None:
    house = make_house("acme", tenants={"acme": {}})
    host, acme = house.caller("default", Role.HOST), house.caller("acme")
    queue = {"queue_id": "sales", "offer_timeout": {"nanos": 200_000_000}}
    acme("PolicyService/ApplyPolicy", policy={"queues": [queue]})
    acme("AgentService/UpsertAgents", agents=[{"agent_id": "ann"}])
    acme("AgentService/SetPresence", agent_id="ann", presence="PRESENCE_READY")
    offer = acme("RoutingService/EnqueueContact", contact_id="call-1", queue_id="sales")
    host("TenantService/SuspendTenant", name="acme")
    stands = list(commands_of(house.data, "acme"))
    time.sleep(0.5)  # the offer runs out, if anybody looks
    assert list(commands_of(house.data, "acme")) == stands
    resumed = host("TenantService/ResumeTenant", name="acme").tenant
    assert resumed.seq > stands[-1]
    assert resumed.seq >= offer.seq + 1


def commands_of(data_dir, tenant: str) -> list[int]:
    connection = apsw.Connection(str(journal_path(data_dir)), flags=apsw.SQLITE_OPEN_READONLY)
    seqs = [seq for (seq,) in connection.execute("SELECT seq FROM commands WHERE tenant = ? ORDER BY seq", (tenant,))]
    connection.close()
    return seqs
