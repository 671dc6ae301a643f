"""The limit in front of the service: what is too much is refused as the service itself would, and shared out."""

import asyncio
import base64
import importlib
import pkgutil
import re
from contextlib import asynccontextmanager

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

import acd.v1
from acd.v1.agent_service_pb2 import WatchAgentRequest
from acd.v1.agent_service_pb2_grpc import AgentServiceStub
from acd.v1.contact_commands_pb2 import EnqueueContactRequest
from acd.v1.policy_commands_pb2 import ApplyPolicyRequest
from acd.v1.policy_pb2 import Policy, Queue
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from acd.v1.routing_service_pb2_grpc import RoutingServiceStub
from acd_service.config import Config
from acd_service.errors import status_of
from acd_service.server import Server
from acd_service.service_error import Overloaded
from load.front import SETTINGS, front_of, haproxy

needs_haproxy = pytest.mark.skipif(not haproxy(), reason="haproxy is not installed")
METHOD = "/acd.v1.RoutingService/EnqueueContact"


class Held(grpc.GenericRpcHandler):
    """A service whose calls wait until they are let go."""

    def __init__(self):
        self.may_end = asyncio.Event()
        self.came = 0

    def service(self, _details):
        async def call(_request, _context):
            self.came += 1
            await self.may_end.wait()
            return b""

        return grpc.unary_unary_rpc_method_handler(call)


@asynccontextmanager
async def held_behind(folder, **settings):
    """That service behind the front, and where the front is."""
    held, server = Held(), grpc.aio.server()
    server.add_generic_rpc_handlers((held,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        with front_of(f"127.0.0.1:{port}", folder, **settings) as address:
            yield held, address
    finally:
        await server.stop(None)


class Caller:
    """Calls with a credential, and how they ended."""

    def __init__(self, address, credential=""):
        self._channel = grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self._call = self._channel.unary_unary(METHOD)
        self._metadata = (("authorization", credential),) if credential else ()

    def begin(self, count):
        return [asyncio.ensure_future(self._outcome()) for _ in range(count)]

    async def _outcome(self):
        try:
            await self._call(b"", metadata=self._metadata, timeout=30)
        except grpc.aio.AioRpcError as error:
            return error
        return None

    async def close(self):
        await self._channel.close()


async def ended(calls, count):
    """Those that have ended, when there are so many."""
    while sum(call.done() for call in calls) < count:
        await asyncio.sleep(0.005)
    return [call.result() for call in calls if call.done()]


def details(error):
    """The code, the reason, and when to come back, of a refusal."""
    reason, delay = "", None
    for detail in rpc_status.from_call(error).details:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(retry):
            delay = retry.retry_delay.ToMilliseconds()
    return error.code(), reason, delay


def test_it_says_what_the_service_would():
    sent = re.search(r'grpc-message "(.*?)" hdr grpc-status-details-bin "(.*?)"', SETTINGS.read_text())
    assert Status.FromString(base64.b64decode(sent[2])) == status_of(Overloaded(sent[1], 1_000))


def test_it_knows_every_stream():
    known = set(re.findall(r"/acd\.v1\.\w+/\w+", SETTINGS.read_text()))
    modules = (module.name for module in pkgutil.iter_modules(acd.v1.__path__) if module.name.endswith("_service_pb2"))
    files = [importlib.import_module(f"acd.v1.{name}").DESCRIPTOR for name in modules]
    methods = [method for file in files for service in file.services_by_name.values() for method in service.methods]
    streams = [method for method in methods if method.client_streaming or method.server_streaming]
    assert known == {f"/{method.containing_service.full_name}/{method.name}" for method in streams}


@needs_haproxy
def test_what_is_too_much_is_refused_by_name_and_the_service_does_not_see_it(tmp_path):
    async def scenario():
        async with held_behind(tmp_path, calls=8, calls_each=8) as (held, address):
            caller = Caller(address)
            calls = caller.begin(20)
            refused = await ended(calls, 12)
            assert {details(error) for error in refused} == {(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", 1_000)}
            held.may_end.set()
            assert sorted(outcome is None for outcome in await asyncio.gather(*calls)) == [False] * 12 + [True] * 8
            assert held.came == 8
            assert await asyncio.gather(*caller.begin(8)) == [None] * 8, "there is room again"
            await caller.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))


@needs_haproxy
def test_one_caller_cannot_take_the_room_of_others(tmp_path):
    async def scenario():
        async with held_behind(tmp_path, calls=8, calls_each=4) as (held, address):
            greedy, other = Caller(address, "Bearer greedy"), Caller(address, "Bearer other")
            calls = greedy.begin(20)
            assert len(await ended(calls, 16)) == 16
            others = other.begin(4)
            while held.came < 8:
                await asyncio.sleep(0.005)
            held.may_end.set()
            assert await asyncio.gather(*others) == [None] * 4
            await asyncio.gather(*calls)
            await greedy.close()
            await other.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))


@needs_haproxy
def test_calls_streams_and_refusals_of_the_service_pass(tmp_path):
    async def scenario():
        server = Server(Config(data_dir=tmp_path / "data", listen="127.0.0.1:0"))
        await server.start()
        try:
            with front_of(server.address, tmp_path, calls=1, calls_each=1) as address:
                async with grpc.aio.insecure_channel(address) as channel:
                    policy = Policy(queues=[Queue(queue_id="sales")])
                    await PolicyServiceStub(channel).ApplyPolicy(ApplyPolicyRequest(policy=policy))
                    # Streams do not count: with one open there is room for the only call.
                    streams = [
                        AgentServiceStub(channel).WatchAgent(WatchAgentRequest(agent_id=f"a{n}")) for n in range(3)
                    ]
                    routing = RoutingServiceStub(channel)
                    answer = await routing.EnqueueContact(EnqueueContactRequest(contact_id="c", queue_id="sales"))
                    assert answer.contact.contact_id == "c"
                    with pytest.raises(grpc.aio.AioRpcError) as refused:
                        await routing.EnqueueContact(EnqueueContactRequest(queue_id="nobody"))
                    assert details(refused.value)[1] == "UNKNOWN_QUEUE"
                    for stream in streams:
                        stream.cancel()
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(scenario(), 60))
