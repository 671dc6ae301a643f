"""Streams end when their identity does; files of credentials that change are followed."""

import time

import grpc
import pytest
import yaml

from acd_service.identity.identity import Role

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
WATCH, POLICY, CUSTOMERS = "InsightService/WatchStats", "PolicyService/GetPolicy", "CustomerService/ListCustomers"


@pytest.fixture
def service(make_service, keys, issuer, tmp_path):
    keys.make("first", Role.ADMIN)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"tokens": issuer.rules()}))
    made = make_service(access={"api_keys": str(keys.path), "rules": str(tmp_path / "rules.yaml")})
    made.start()
    return made


def test_a_revoked_key_ends_its_stream_and_no_other(service, keys, failure_of, eventually) -> None:
    one, two = keys.make("one", Role.ADMIN), keys.make("two", Role.ADMIN)
    caller, other = service.caller(one), service.caller(two)
    eventually(lambda: answers(other))
    stream, kept = caller.stream(WATCH), other.stream(WATCH)
    next(stream)
    next(kept)
    keys.revoke(one)
    failure = failure_of(lambda: stream)
    assert (failure.code, failure.reason) == (UNAUTHENTICATED, "UNAUTHENTICATED")
    assert failure_of(lambda: caller.call(POLICY)).code is UNAUTHENTICATED
    assert other.call(POLICY) is not None
    assert kept.is_active()
    kept.cancel()


def answers(caller) -> bool:
    try:
        caller.call(POLICY)
    except grpc.RpcError:
        return False
    return True


def test_a_contact_whose_stream_lost_its_identity_is_detached(service, keys, failure_of, eventually) -> None:
    from acd.v1 import contact_commands_pb2, policy_commands_pb2, policy_pb2, routing_service_pb2

    router, admin = keys.make("pbx", Role.ROUTER), service.caller(keys.make("adm", Role.ADMIN))
    eventually(lambda: answers(admin))
    policy = policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id="sales")])
    admin.call("PolicyService/ApplyPolicy", policy_commands_pb2.ApplyPolicyRequest(policy=policy))
    enqueue = contact_commands_pb2.EnqueueContactRequest(contact_id="call-1", queue_id="sales")
    stream = service.caller(router).stream(
        "RoutingService/RouteContact", routing_service_pb2.RouteContactRequest(enqueue=enqueue)
    )
    next(stream)
    keys.revoke(router)
    assert failure_of(lambda: stream).code is UNAUTHENTICATED

    def is_detached() -> bool:
        answer = admin.call("RoutingService/GetContact", routing_service_pb2.GetContactRequest(contact_id="call-1"))
        return not routing_service_pb2.GetContactResponse.FromString(answer).contact.attached

    eventually(is_detached)


def test_a_stream_ends_with_its_token(service, issuer, failure_of) -> None:
    stream = service.caller(issuer.token(exp=time.time() + 2)).stream(WATCH)
    next(stream)
    failure = failure_of(lambda: stream)
    assert (failure.code, failure.reason) == (UNAUTHENTICATED, "UNAUTHENTICATED")


def test_a_stream_ends_with_its_key(service, keys, failure_of, eventually) -> None:
    caller = service.caller(keys.make("short", Role.ADMIN, lasts_s=4))
    eventually(lambda: answers(caller))
    stream = caller.stream(WATCH)
    next(stream)
    assert failure_of(lambda: stream).code is UNAUTHENTICATED
    assert failure_of(lambda: caller.call(POLICY)).code is UNAUTHENTICATED


def test_keys_of_the_issuer_change_under_way(service, issuer, failure_of, eventually) -> None:
    old = service.caller(issuer.token("one"))
    stream = old.stream(WATCH)
    next(stream)
    issuer.rotate("one", "two")
    new = service.caller(issuer.token("two"))
    eventually(lambda: answers(new))
    assert old.call(POLICY) is not None
    assert stream.is_active()
    issuer.rotate("two")
    assert failure_of(lambda: stream).code is UNAUTHENTICATED
    assert failure_of(lambda: old.call(POLICY)).code is UNAUTHENTICATED
    assert new.call(POLICY) is not None


def test_a_file_that_cannot_be_used_changes_nothing(service, keys, issuer, eventually) -> None:
    caller, bearer = service.caller(keys.make("stays", Role.ADMIN)), service.caller(issuer.token())
    eventually(lambda: answers(caller))
    whole = keys.path.read_bytes()
    for path, content in ((keys.path, whole[:-20]), (issuer.path, b"{}"), (keys.path, b"[]")):
        path.write_bytes(content)
        eventually(lambda path=path: f"{path} cannot be used" in service.log)
        assert answers(caller)
        assert answers(bearer)
    keys.path.unlink()
    keys.path.write_bytes(whole)
    added = service.caller(keys.make("added", Role.ADMIN))
    eventually(lambda: answers(added))


def test_rules_that_take_no_tokens_any_more(service, issuer, tmp_path, failure_of, eventually) -> None:
    caller = service.caller(issuer.token())
    assert answers(caller)
    (tmp_path / "rules.yaml").write_text("{}")
    eventually(lambda: not answers(caller))
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"tokens": issuer.rules(keys="elsewhere.json")}))
    eventually(lambda: "no token is taken until its keys can be read" in service.log)
    assert not answers(caller)
    (tmp_path / "elsewhere.json").write_bytes(issuer.path.read_bytes())
    eventually(lambda: answers(caller))


def test_no_secret_is_logged(service, keys, issuer, eventually, failure_of) -> None:
    key, token = keys.make("quiet", Role.ADMIN), issuer.token()
    for credential in (key, token):
        eventually(lambda credential=credential: answers(service.caller(credential)))
    keys.revoke(key)
    eventually(lambda: not answers(service.caller(key)))
    assert service.stop() == 0
    for secret in (key.split("_")[2], token.split(".")[2]):
        assert secret not in service.log
        assert all(
            secret.encode() not in path.read_bytes() for path in (service.folder / "data").rglob("*") if path.is_file()
        )


def test_a_dispatch_is_held_to_roles_and_ends_with_its_key(service, keys, failure_of, eventually) -> None:
    import queue

    from acd.v1 import command_pb2, routing_service_pb2

    key = keys.make("pbx", Role.ROUTER)
    watcher = service.caller(keys.make("adm", Role.ADMIN))
    eventually(lambda: answers(watcher))
    batches: queue.Queue = queue.Queue()
    policy = command_pb2.Command(apply_policy={"policy": {"queues": [{"queue_id": "sales"}]}})
    cancel = command_pb2.Command(cancel_contact={"contact_id": "nobody"})
    customers = command_pb2.Command(upsert_customers={"customers": [{"customer_id": "k1"}]})
    batches.put(routing_service_pb2.DispatchRequest(commands=[policy, cancel, customers]))
    before = watcher.call(POLICY), watcher.call(CUSTOMERS)
    stream = service.caller(key).both_ways("RoutingService/Dispatch", iter(batches.get, None))
    results = routing_service_pb2.DispatchResponse.FromString(next(stream)).results
    assert [result.error.code for result in results] == [
        grpc.StatusCode.PERMISSION_DENIED.value[0],
        grpc.StatusCode.NOT_FOUND.value[0],
        grpc.StatusCode.PERMISSION_DENIED.value[0],
    ]
    assert (watcher.call(POLICY), watcher.call(CUSTOMERS)) == before
    keys.revoke(key)
    failure = failure_of(lambda: stream)
    batches.put(None)
    assert (failure.code, failure.reason) == (UNAUTHENTICATED, "UNAUTHENTICATED")


def test_when_a_key_was_used_last_is_noted(service, keys, eventually) -> None:
    from acd_service.identity.key_use import FILE_NAME, read_key_use

    key, idle = keys.make("used", Role.ADMIN), keys.make("idle", Role.ADMIN)
    caller, before = service.caller(key), int(time.time())
    eventually(lambda: answers(caller))
    assert service.stop() == 0
    noted = read_key_use(service.folder / "data" / FILE_NAME)
    assert noted[key.split("_")[1]] >= before
    assert idle.split("_")[1] not in noted
