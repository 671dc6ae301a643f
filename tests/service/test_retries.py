"""A call whose reply was lost is made again with its request_id, after a crash: the same answer, and nothing done."""

import copy
import socket
import threading

import grpc
from google.protobuf.duration_pb2 import Duration

from acd.v1 import (
    admin_service_pb2,
    agent_commands_pb2,
    agent_pb2,
    command_pb2,
    contact_commands_pb2,
    contact_pb2,
    customer_pb2,
    customer_service_pb2_grpc,
    policy_commands_pb2,
    policy_pb2,
    routing_service_pb2,
)

READY = agent_pb2.PRESENCE_READY
SPECS = [agent_pb2.AgentSpec(agent_id=agent_id) for agent_id in ("ann", "bob", "zoe")]
c, a = contact_commands_pb2, agent_commands_pb2

# One of every call that changes something, in an order in which each is accepted.
CALLS = [
    ("policy.ApplyPolicy", policy_commands_pb2.ApplyPolicyRequest(
        policy=policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id="sales", wrap_up=Duration(seconds=900),
                                                          offer_timeout=Duration(seconds=900))]))),
    ("agents.UpsertAgents", a.UpsertAgentsRequest(agents=SPECS)),
    ("agents.RemoveAgents", a.RemoveAgentsRequest(agent_ids=["zoe"])),
    ("agents.SetPresence", a.SetPresenceRequest(agent_id="ann", presence=READY)),
    ("agents.Heartbeat", a.HeartbeatRequest(agent_ids=["ann", "bob"])),
    ("routing.EnqueueContact", c.EnqueueContactRequest(queue_id="sales")),
    ("routing.EnqueueContact", c.EnqueueContactRequest(queue_id="sales", contact_id="w")),
    ("routing.DeclineOffer", c.DeclineOfferRequest(contact_id="acd:0", agent_id="ann", offer_id=1)),
    ("routing.AcceptOffer", c.AcceptOfferRequest(contact_id="w", agent_id="ann", offer_id=2)),
    ("routing.UpdateContact", c.UpdateContactRequest(contact_id="acd:0", priority=3)),
    ("routing.RequestCallback", c.RequestCallbackRequest(
        contact_id="acd:0", callback=contact_pb2.Callback(address="+49301"))),
    ("agents.SetPresence", a.SetPresenceRequest(agent_id="bob", presence=agent_pb2.PRESENCE_AWAY)),
    ("routing.PickContact", c.PickContactRequest(contact_id="acd:0", agent_id="bob")),
    ("routing.CompleteContact", c.CompleteContactRequest(contact_id="w")),
    ("agents.FinishWrapUp", a.FinishWrapUpRequest(agent_id="ann")),
    ("routing.AcceptOffer", c.AcceptOfferRequest(contact_id="acd:0", agent_id="bob", offer_id=3)),
    ("routing.TransferContact", c.TransferContactRequest(contact_id="acd:0", agent_id="bob", queue_id="sales")),
    ("routing.CancelContact", c.CancelContactRequest(contact_id="acd:0")),
    ("customers.UpsertCustomers", customer_pb2.UpsertCustomersRequest(
        customers=[customer_pb2.Customer(customer_id="k")])),
    ("customers.RemoveCustomers", customer_pb2.RemoveCustomersRequest(customer_ids=["k"])),
    ("admin.Reconcile", admin_service_pb2.ReconcileRequest(
        repair=True, contacts=[admin_service_pb2.LiveContact(contact_id="x")],
        agents=[admin_service_pb2.LiveAgent(agent_id="ann", presence=agent_pb2.PRESENCE_OFFLINE)])),
]  # fmt: skip
AS_IT_IS_NOW = {"warnings", "not_signed_on_agent_ids"}
"""Fields of answers that tell how things stand when they are given, and are documented so."""
for index, (_, request_) in enumerate(CALLS):
    request_.request_id = f"request-{index}"


def method(client, path):
    service, _, name = path.partition(".")
    if service == "customers":
        return getattr(customer_service_pb2_grpc.CustomerServiceStub(client.channel), name)
    return getattr(getattr(client, service), name)


def standing(client):
    status = client.status()
    return status.state_digest, status.seq, status.event_seq, status.event_hash


class DeafLine:
    """A way to the service on which, from some moment on, no reply comes back."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_deaf = False
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        try:
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()
        except OSError:
            pass

    def _carry(self, source, destination, is_reply):
        try:
            while content := source.recv(65_536):
                if not (is_reply and self.is_deaf):
                    destination.sendall(content)
        except OSError:
            pass

    def close(self):
        self._listener.close()
        for each in self._sockets:
            each.close()


def test_every_mutating_call_is_here():
    services = [
        ("routing", routing_service_pb2), ("agents", __import__("acd.v1.agent_service_pb2", fromlist=["x"])),
        ("customers", __import__("acd.v1.customer_service_pb2", fromlist=["x"])),
        ("policy", __import__("acd.v1.policy_service_pb2", fromlist=["x"])), ("admin", admin_service_pb2),
    ]  # fmt: skip
    with_request_id = {
        f"{name}.{call.name}"
        for name, module in services
        for service in module.DESCRIPTOR.services_by_name.values()
        for call in service.methods
        if "request_id" in call.input_type.fields_by_name and not call.server_streaming
    }
    # TakeSnapshot changes no state: made again, it takes another one. EraseCustomer erases what came since, or nothing.
    assert with_request_id - {path for path, _ in CALLS} == {"admin.TakeSnapshot", "customers.EraseCustomer"}
    kinds = {field.message_type.name for field in command_pb2.Command.DESCRIPTOR.fields if field.number < 80}
    assert kinds <= {type(request).__name__ for _, request in CALLS}


def test_the_same_answers_after_a_crash(make_service, failure_of):
    service = make_service()
    client = service.start()
    answers = [method(client, path)(request) for path, request in CALLS]
    assert not any(answer.duplicate for answer in answers)
    service.kill()
    client = service.start()
    before = standing(client)
    for (path, request), first in zip(CALLS, answers, strict=True):
        again = method(client, path)(request)
        assert again.duplicate, path
        again.duplicate = False
        for field in AS_IT_IS_NOW.intersection(again.DESCRIPTOR.fields_by_name):
            again.ClearField(field)
            first.ClearField(field)
        assert again == first, path
    for path, request in CALLS:
        other = copy.deepcopy(request)
        _change(other)
        assert failure_of(lambda path=path, other=other: method(client, path)(other)).reason == "REQUEST_ID_REUSED", (
            path
        )
    assert standing(client) == before


def _change(request):
    """Other content."""
    for field, value in (("agent_id", "zoe"), ("contact_id", "zoe"), ("priority", 5)):
        if field in request.DESCRIPTOR.fields_by_name:
            setattr(request, field, value)
            return
    for field in ("agent_ids", "customer_ids"):
        if field in request.DESCRIPTOR.fields_by_name:
            getattr(request, field).append("eve")
            return
    for field in ("agents", "customers"):
        if field in request.DESCRIPTOR.fields_by_name:
            entry = getattr(request, field).add()
            setattr(entry, f"{field[:-1]}_id", "eve")
            if hasattr(entry, "presence"):
                entry.presence = READY
            return
    request.policy.queues.add(queue_id="more")


def test_replies_that_were_lost(make_service):
    """Nobody heard a word, and then the service was killed."""
    service = make_service()
    client = service.start()
    method(client, CALLS[0][0])(CALLS[0][1])
    line = DeafLine(service.address)
    channel = grpc.insecure_channel(line.address)
    try:
        grpc.channel_ready_future(channel).result(30)
        line.is_deaf = True
        deaf = type("Deaf", (), {"channel": channel})
        for name in ("routing", "agents", "policy", "admin"):
            stub = type(getattr(client, name))
            setattr(deaf, name, stub(channel))
        seqs = []
        for path, request in CALLS[1:18]:
            seq = client.status().seq
            call = method(deaf, path).future(request)
            while client.status().seq == seq:
                assert not call.done()
            seqs.append(client.status().seq)
            call.cancel()
        before = standing(client)
        service.kill()
    finally:
        channel.close()
        line.close()
    client = service.start()
    assert client.status().seq == before[1] + 1, "Resume"
    at_first = client.status().state_digest
    for (path, request), seq in zip(CALLS[1:18], seqs, strict=True):
        answer = method(client, path)(request)
        assert (answer.duplicate, answer.seq) == (True, seq), path
    assert client.status().state_digest == at_first
