"""The edges: sizes, numbers, names, clients that do not read or do not speak. What is too much is refused by name, and
others are served as before. `docs/limits.md` is held to what the code says.
"""

import re
import socket
import unicodedata
from pathlib import Path

import grpc
import pytest

from acd.v1 import (
    agent_commands_pb2,
    agent_pb2,
    agent_service_pb2,
    command_pb2,
    contact_commands_pb2,
    event_service_pb2,
    policy_pb2,
    routing_service_pb2,
)
from acd_core import limits
from acd_service.batches import COMMANDS_MAX
from acd_service.config import Config
from acd_service.reconciling.repair import DIFFERENCES_MAX
from acd_service.reconciling.statement import STATED_MAX
from acd_service.server import STREAMS_A_CONNECTION_MAX

READY, AWAY = agent_pb2.PRESENCE_READY, agent_pb2.PRESENCE_AWAY
RECEIVED_BYTES_MAX = 32 * 2**20
LIMITS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "limits.md"
OF_SERVICE = {
    "COMMANDS_MAX": COMMANDS_MAX,
    "DIFFERENCES_MAX": DIFFERENCES_MAX,
    "STATED_MAX": STATED_MAX,
    "STREAMS_A_CONNECTION_MAX": STREAMS_A_CONNECTION_MAX,
} | {
    name: getattr(Config(), name)
    for name in (
        "waiting_commands_max", "calls_in_flight_max", "pending_calls_max", "watch_updates_max", "customers_max",
        "message_events_max", "message_bytes_max", "recent_events_max", "recent_bytes_max",
        "recent_bytes_all_max", "explain_commands_max",
    )
}  # fmt: skip


def test_the_page_tells_every_bound_as_it_is():
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", LIMITS_PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: int(value.replace(",", "")) for name, value in rows}
    assert len(told) == len(rows), "each once"
    bounds = {name: value for name, value in vars(limits).items() if name.isupper() and isinstance(value, int)}
    assert told == bounds | OF_SERVICE


def raw(client, path, content):
    call = client.channel.unary_unary(path, request_serializer=None, response_deserializer=None)
    return lambda: call(content, timeout=60)


def padded(message, size):
    """The bytes of a message, filled up by a field that nobody knows."""
    content = message.SerializeToString()
    room = size - len(content) - 7
    varint = bytes(((room >> shift) & 0x7F) | (0x80 if shift < 28 else 0) for shift in range(0, 35, 7))
    return content + b"\xf2\x3f" + varint + b"x" * room


def test_the_largest_message_and_one_byte_more(shared_client, failure_of):
    path = "/acd.v1.AgentService/Heartbeat"
    request = agent_commands_pb2.HeartbeatRequest(agent_ids=["nobody"])
    content = padded(request, RECEIVED_BYTES_MAX)
    assert len(content) == RECEIVED_BYTES_MAX
    assert failure_of(raw(shared_client, path, content)).reason == "UNKNOWN_AGENT"
    failure = failure_of(raw(shared_client, path, content + b"\xf2\x3f\x00"))
    assert failure.code == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_what_nobody_knows_is_not_kept(shared_client):
    shared_client.apply_policy()
    before = shared_client.status().journal_bytes
    request = contact_commands_pb2.EnqueueContactRequest(queue_id="sales", contact_id="fat")
    raw(shared_client, "/acd.v1.RoutingService/EnqueueContact", padded(request, 4 * 2**20))()
    shared_client.routing.CancelContact(contact_commands_pb2.CancelContactRequest(contact_id="fat"))
    assert shared_client.status().journal_bytes - before < 2**20


def test_metadata_that_is_too_large(shared_client, failure_of):
    before = shared_client.status()
    request = routing_service_pb2.ListContactsRequest()
    shared_client.routing.ListContacts(request, metadata=[("x-note", "v" * 8_000)])
    for metadata in ([("x-note", "v" * 40_000)], [(f"x-{number}", "v" * 100) for number in range(2_000)]):
        failure = failure_of(lambda given=metadata: shared_client.routing.ListContacts(request, metadata=given))
        assert failure.code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert shared_client.status().state_digest == before.state_digest


@pytest.mark.parametrize("count", [257, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_more_skills_than_an_agent_may_have(shared_client, failure_of, count):
    spec = agent_pb2.AgentSpec(agent_id="polymath", skills={f"s{number}": 1 for number in range(count)})
    request = agent_commands_pb2.UpsertAgentsRequest(agents=[spec])
    failure = failure_of(lambda: shared_client.agents.UpsertAgents(request))
    assert (failure.reason, failure.field) == ("TOO_MANY", "agents[0].skills")


def test_more_skills_than_a_tenant_may_have(shared_client, failure_of):
    def agents(first, last, each=256):
        names = [f"s{number}" for number in range(first, last)]
        pieces = [names[start : start + each] for start in range(0, len(names), each)]
        return agent_commands_pb2.UpsertAgentsRequest(
            agents=[
                agent_pb2.AgentSpec(agent_id=f"p{first}-{index}", skills=dict.fromkeys(piece, 1))
                for index, piece in enumerate(pieces)
            ]
        )

    shared_client.agents.UpsertAgents(agents(0, 4_096))
    before = shared_client.status()
    failure = failure_of(lambda: shared_client.agents.UpsertAgents(agents(4_096, 4_097)))
    assert failure.reason == "SKILL_LIMIT"
    assert shared_client.status().state_digest == before.state_digest
    names = [f"p0-{index}" for index in range(16)]
    shared_client.agents.RemoveAgents(agent_commands_pb2.RemoveAgentsRequest(agent_ids=names))


SCRIPTS = [
    "Zoë", "Łukasz", "Ελένη", "Дмитрий", "שרה", "محمد", "नेहा", "ราตรี", "さくら", "王芳", "김민준", "ქეთევანი",
    "ሰላም", "𝔄𝔫𝔫", "👩", "tab-less name", "a\u3000b", "é", "é",
]  # fmt: skip
REFUSED = ["a\x00", "a\n", "a\t", "\x7f", "a\x9f", "a\u200b", "a\u200d", "a\u202eb", "a\ufeff", "a\xad", "a\xa0b",
           "\u2028", "\ue000", "\U000e0041"]  # fmt: skip


def test_names_in_any_script(shared_client):
    for name in SCRIPTS:
        shared_client.sign_on(name, AWAY)
        request = agent_service_pb2.GetAgentRequest(agent_id=name)
        assert shared_client.agents.GetAgent(request).agent.spec.agent_id == name
        shared_client.agents.RemoveAgents(agent_commands_pb2.RemoveAgentsRequest(agent_ids=[name]))


@pytest.mark.parametrize("name", REFUSED, ids=[f"U+{ord(max(name)):04X}" for name in REFUSED])
def test_characters_that_cannot_be_seen_are_refused(shared_client, failure_of, name):
    failure = failure_of(lambda: shared_client.sign_on(name))
    assert (failure.reason, failure.field) == ("INVALID_CHARACTER", "agents[0].agent_id")


def test_half_of_a_character_is_refused(shared_client, failure_of):
    """A surrogate without its other half is no UTF-8, and so no message."""
    content = b"\x0a\x05\x0a\x03\xed\xa0\x80"
    failure = failure_of(raw(shared_client, "/acd.v1.AgentService/UpsertAgents", content))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")


def test_names_that_look_alike_are_two(shared_client):
    """Ids are other systems' keys: they are compared byte by byte and given back as they came."""
    alike = ["Zoe\u0308", "Zo\u00eb", "ann", "аnn"]
    assert unicodedata.normalize("NFC", alike[0]) == alike[1]
    for name in alike:
        shared_client.sign_on(name, AWAY)
    listed = shared_client.agents.ListAgents(agent_service_pb2.ListAgentsRequest()).agents
    assert {agent.spec.agent_id for agent in listed} >= set(alike)
    shared_client.agents.RemoveAgents(agent_commands_pb2.RemoveAgentsRequest(agent_ids=alike))


def test_clients_that_stop_half_way(shared_client):
    """Connections that say nothing, something else, or the beginning of a call, do not keep others from calling."""
    host, _, port = shared_client.address.rpartition(":")
    beginnings = [
        b"", b"\x00" * 100, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\xff\xff\xff\x01\x04\x00\x00\x00\x01",
    ]  # fmt: skip
    opened = []
    for _ in range(20):
        for content in beginnings:
            opened.append(socket.create_connection((host, int(port)), timeout=30))
            opened[-1].sendall(content)
    assert shared_client.status().seq >= 0
    for each in opened:
        each.close()


def flip(client, count):
    """So many changes of presence, fast."""
    requests = [
        agent_commands_pb2.SetPresenceRequest(agent_id="ann", presence=(READY, AWAY)[number % 2])
        for number in range(count)
    ]
    commands = [command_pb2.Command(set_presence=request) for request in requests]
    batches = [
        routing_service_pb2.DispatchRequest(commands=commands[start : start + 1_000])
        for start in range(0, count, 1_000)
    ]
    for response in client.routing.Dispatch(iter(batches)):
        assert not any(result.HasField("error") for result in response.results)


def test_a_client_that_never_reads(client, failure_of):
    """The stream of an agent ends; the stream of events waits for its reader and has lost nothing; routing goes on."""
    client.apply_policy(policy_pb2.Queue(queue_id="sales"))
    client.sign_on("ann", AWAY)
    first = client.status().event_seq + 1
    watch = client.agents.WatchAgent(agent_service_pb2.WatchAgentRequest(agent_id="ann"), timeout=120)
    next(watch)
    events = client.events.Subscribe(event_service_pb2.SubscribeRequest(from_event_seq=first), timeout=120)
    flip(client, 12_000)
    last = client.status().event_seq
    assert last - first + 1 == 12_000
    failure = failure_of(lambda: watch)
    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "READER_TOO_SLOW")
    seen = []
    for message in events:
        seen += [event.event_seq for event in message.events]
        if message.next_event_seq > last:
            break
    assert seen == list(range(first, last + 1))
