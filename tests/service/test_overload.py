"""More than the service can do: some are told early to come back, others are served, nothing acknowledged is lost."""

import asyncio
import threading
from contextlib import asynccontextmanager

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from acd.v1 import contact_commands_pb2, policy_commands_pb2, policy_pb2
from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.policy_service_pb2_grpc import PolicyServiceStub
from acd.v1.routing_service_pb2_grpc import RoutingServiceStub
from acd_service.config import Config
from acd_service.journal import TENANT_DEFAULT
from acd_service.server import Server

ROOM = 128


class HeldJournal:
    """A journal whose commits wait until they are let go: what arrives meanwhile has to wait too."""

    commit_descriptor = None

    def __init__(self, journal):
        self._journal = journal
        self.may_commit = threading.Event()
        self.may_commit.set()

    def append(self, batch):
        assert self.may_commit.wait(60)
        self._journal.append(batch)

    def __getattr__(self, name):
        return getattr(self._journal, name)


class House:
    """A service on a socket, in this event loop, whose commits can be held up."""

    def __init__(self, server, journal):
        self.server = server
        self.journal = journal
        self._channels = []

    def connect(self):
        # Channels of one process share connections unless told not to.
        options = [("grpc.use_local_subchannel_pool", 1)]
        channel = grpc.aio.insecure_channel(self.server.address, options=options)
        self._channels.append(channel)
        return RoutingServiceStub(channel)

    async def apply_policy(self):
        channel = grpc.aio.insecure_channel(self.server.address)
        self._channels.append(channel)
        policy = policy_pb2.Policy(queues=[policy_pb2.Queue(queue_id="sales")])
        await PolicyServiceStub(channel).ApplyPolicy(policy_commands_pb2.ApplyPolicyRequest(policy=policy))

    @property
    def waiting(self):
        return self.server._sequencer.waiting

    async def until_waiting(self, count):
        while self.waiting < count:
            await asyncio.sleep(0.005)

    async def until_committing(self):
        """All that came is being committed: what comes next waits."""
        while self.waiting or not self.server._sequencer._uncommitted:
            await asyncio.sleep(0.005)

    def kept(self):
        """Ids of the contacts in the journal."""
        events = self.journal.read_events(TENANT_DEFAULT, 1, events_max=100_000, bytes_max=2**30)
        from acd_service import codec

        return [codec.decode_event(event.content).contact_id for event in events]

    async def close(self):
        self.journal.may_commit.set()
        for channel in self._channels:
            await channel.close()
        await self.server.stop()


@pytest.fixture
def run(tmp_path):
    """Run a scenario in a house of its own."""

    def run(scenario, **settings):
        async def inside():
            settings_of_all = {"waiting_commands_max": ROOM, "batch_commands_max": 8, **settings}
            server = Server(Config(data_dir=tmp_path / "data", listen="127.0.0.1:0", **settings_of_all))
            await server.start()
            journal = server._sequencer._journal = HeldJournal(server._sequencer._journal)
            house = House(server, journal)
            try:
                await house.apply_policy()
                await asyncio.wait_for(scenario(house), 120)
            finally:
                await house.close()

        asyncio.run(inside())

    return run


@asynccontextmanager
async def held(house):
    """No commit ends while this lasts."""
    house.journal.may_commit.clear()
    try:
        yield
    finally:
        house.journal.may_commit.set()


def enqueue(stub, contact_id, **options):
    return stub.EnqueueContact(
        contact_commands_pb2.EnqueueContactRequest(contact_id=contact_id, queue_id="sales"), **options
    )


async def outcome(call):
    """None for a good answer, else the refusal."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error
    return None


def retry_after_ms(error):
    for detail in rpc_status.from_call(error).details:
        info = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            return info.retry_delay.seconds * 1_000 + info.retry_delay.nanos // 1_000_000
    return None


def test_a_flood_is_refused_early_and_what_was_acknowledged_is_kept(run):
    async def scenario(house):
        stub = house.connect()
        async with held(house):
            first = asyncio.ensure_future(outcome(enqueue(stub, "first")))
            await house.until_committing()
            flood = {f"c{n}": asyncio.ensure_future(outcome(enqueue(stub, f"c{n}"))) for n in range(3 * ROOM)}
            refused = []
            while len(refused) < 2 * ROOM:  # they are answered though nothing can be committed
                await asyncio.sleep(0.005)
                refused = [future.result() for future in flood.values() if future.done()]
            for error in refused:
                assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                assert retry_after_ms(error) > 0
            assert house.waiting <= ROOM
        answered = {contact_id for contact_id, future in flood.items() if await future is None}
        assert await first is None
        assert len(answered) >= ROOM // 2
        assert set(house.kept()) >= answered
        assert not {f"c{n}" for n in range(3 * ROOM)} - answered & set(house.kept())
        for n in range(5):
            assert await outcome(enqueue(stub, f"after{n}")) is None, "it has recovered by itself"

    run(scenario)


def test_one_connection_cannot_take_the_room_of_others(run):
    async def scenario(house):
        greedy, modest = house.connect(), house.connect()
        async with held(house):
            floods = [asyncio.ensure_future(outcome(enqueue(greedy, f"g{n}"))) for n in range(4 * ROOM)]
            await house.until_waiting(ROOM // 2)
            while sum(future.done() for future in floods) < ROOM:
                await asyncio.sleep(0.005)
            calls = [asyncio.ensure_future(outcome(enqueue(modest, f"m{n}"))) for n in range(3)]
            held_by_greedy = house.waiting
            await house.until_waiting(held_by_greedy + 3)
        assert [await call for call in calls] == [None] * 3
        kept = [contact_id for contact_id in house.kept() if contact_id]
        # Batches of eight are filled in turn, so the modest ones are in the first that begins after they came.
        ahead = kept.index("m2")
        assert ahead < ROOM // 2, "they went ahead of most of what the greedy one had sent before"
        await asyncio.gather(*floods)

    run(scenario)


def test_work_whose_caller_has_given_up_is_not_begun(run):
    async def scenario(house):
        stub = house.connect()
        async with held(house):
            first = asyncio.ensure_future(outcome(enqueue(stub, "first")))
            await house.until_committing()
            late = [asyncio.ensure_future(outcome(enqueue(stub, f"late{n}", timeout=0.2))) for n in range(5)]
            patient = asyncio.ensure_future(outcome(enqueue(stub, "patient", timeout=60)))
            errors = await asyncio.gather(*late)
            await house.until_waiting(1)
        assert {error.code() for error in errors} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        assert await first is None
        assert await patient is None
        assert [contact_id for contact_id in house.kept() if contact_id] == ["first", "patient"]

    run(scenario, batch_commands_max=4_096)


def test_calls_in_progress_are_bounded(run):
    async def scenario(house):
        stub = house.connect()
        async with held(house):
            calls = [asyncio.ensure_future(outcome(enqueue(stub, f"c{n}"))) for n in range(20)]
            while sum(call.done() for call in calls) < 10:
                await asyncio.sleep(0.005)
            refused = [call.result() for call in calls if call.done()]
            assert len(refused) == 10
        assert [await call for call in calls].count(None) == 10
        for error in refused:
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert retry_after_ms(error) > 0
        status = await AdminServiceStub(house._channels[0]).GetStatus(GetStatusRequest())
        assert status.counters["rpc_calls_refused_overloaded"] == 10

    run(scenario, calls_in_flight_max=10)
