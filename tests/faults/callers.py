"""Model clients of a tenant: they bring contacts, one by one and in batches, serve them, subscribe; lose answers and
ask again, and go on after a restart, and after their tenant was suspended.
"""

import asyncio
import random

from faults.house import AGENTS, CURSED, MISHAP, POLICY, House
from faults.ledger import Broken, Ledger
from faults.life import Life

from acd.v1 import routing_service_pb2
from acd_core.commands import (
    AcceptOffer,
    ApplyPolicy,
    CancelContact,
    Command,
    CompleteContact,
    EnqueueContact,
    Heartbeat,
    UpsertAgents,
)
from acd_core.enums import ContactState, EventType
from acd_core.events import Answer
from acd_core.refusal import Reason, Refused
from acd_core.roster import AgentSpec
from acd_service import codec
from acd_service.asking import Asking
from acd_service.codec.requests import journalled_message
from acd_service.fanout import EventFilter
from acd_service.journal import JournalError
from acd_service.service_error import (
    CommandSetAside,
    DeadlinePassed,
    EventSeqAhead,
    EventsNoLongerKept,
    Overloaded,
    QuotaExceeded,
    ServiceError,
    Stopping,
    TenantSuspended,
)

NEVER_RIGHT = (Reason.TIME_BACKWARDS, Reason.REQUEST_ID_REUSED)
WANTED = EventFilter(types=frozenset({int(EventType.OFFER_MADE), int(EventType.CONTACT_ENQUEUED)}))
TRY_AGAIN = (TimeoutError, DeadlinePassed, Overloaded, QuotaExceeded, TenantSuspended)


class Gone(Exception):
    """The service is not there any more, or the tenant is not the one that it was."""


class Visitor:
    """Calls for a tenant, as it is open or not."""

    def __init__(self, life: Life, name: str, draw: random.Random) -> None:
        self.life, self.name, self.draw = life, name, draw
        self.ledger: Ledger = life.ledgers[name]

    async def house(self) -> House:
        """The tenant's, when it is open.

        Raises:
            Gone: it was removed.
        """
        while True:
            house = self.life.houses.get(self.name)
            if self.life.is_over or self.life.ledgers.get(self.name) is not self.ledger:
                raise Gone
            if house is not None:
                return house
            await asyncio.sleep(0.05)

    async def ask(self, command: Command):
        """Ask until there is an answer. None: it was refused, or set aside."""
        ledger, draw = self.ledger, self.draw
        while True:
            try:
                answer = await (await self.house()).do(command, draw.choice((None, None, None, 0.004)))
            except TRY_AGAIN:
                await asyncio.sleep(draw.random() * 0.02)
                continue
            except Refused as refused:
                if refused.reason in NEVER_RIGHT:
                    raise Broken(f"refused with {refused}: {command}") from None
                ledger.refused(command, str(refused))
                return None
            except CommandSetAside as aside:
                if command.request_id not in ledger.tripping:
                    raise Broken(f"set aside, for no reason: {command}") from None
                ledger.refused(command, str(aside))
                ledger.set_aside += 1
                return None
            except Stopping:
                raise Gone from None
            if draw.random() < 0.1:
                await asyncio.sleep(draw.random() * 0.01)
                continue  # the answer was lost on its way
            ledger.acknowledge(command, answer)
            return answer

    async def dispatch(self, name: str) -> None:
        """Send a batch until it is answered."""
        ledger, draw = self.ledger, self.draw
        content, _ = ledger.batches[name]
        while True:
            try:
                response = await (await self.house()).dispatch(content, draw.choice((None, None, 0.004)))
            except TRY_AGAIN:
                await asyncio.sleep(draw.random() * 0.02)
                continue
            except Stopping:
                raise Gone from None
            if draw.random() < 0.1:
                continue  # the answer was lost on its way
            _check_results(ledger, content, response)
            ledger.dispatched.add(name)
            return


def _check_results(ledger: Ledger, content: bytes, response: bytes) -> None:
    """Each command has its own result, in the same order."""
    commands = routing_service_pb2.DispatchRequest.FromString(content).commands
    results = routing_service_pb2.DispatchResponse.FromString(response).results
    if len(results) != len(commands):
        raise Broken(f"of {len(commands)} commands {len(results)} have results")
    for command, result in zip(commands, results, strict=True):
        kind = command.WhichOneof("command")
        request = getattr(command, kind)
        told = result.WhichOneof("result")
        if request.request_id in ledger.tripping:
            if told != "error":
                raise Broken(f"{request.request_id}, which the engine trips over, came to {told}")
        elif told != kind:
            raise Broken(f"{request.request_id} came to {told}: {result}")
        elif kind == "enqueue_contact" and result.enqueue_contact.contact.contact_id != request.contact_id:
            raise Broken(f"{request.request_id} was answered with {result.enqueue_contact.contact.contact_id}")


def _new_batch(ledger: Ledger, draw: random.Random) -> str:
    """Contacts that come and, some of them, go in the same batch: in order, or some are refused."""
    ledger.numbers += 1
    name = f"{ledger.name}-b{ledger.numbers}"
    commands: list[Command] = []
    for number in range(draw.randint(1, 3)):
        contact_id = f"{name}-{number}"
        commands.append(EnqueueContact(contact_id, "sales", request_id=f"{contact_id}/enqueue"))
        if draw.random() < 0.6:
            commands.append(CancelContact(contact_id, request_id=f"{contact_id}/cancel"))
    if draw.random() < 0.2:
        commands.append(UpsertAgents((AgentSpec("a0"),), request_id=f"{name}/agents"))
    request_ids = tuple(command.request_id for command in commands)
    ledger.asked.update(request_ids)
    if ledger.has_mishaps and draw.random() < 0.1:
        request_id = f"{name}/mishap"
        ledger.asked.add(request_id)
        ledger.tripping.add(request_id)
        place = draw.randrange(len(commands) + 1)
        commands.insert(place, EnqueueContact("", "sales", customer_id=MISHAP, request_id=request_id))
    message = routing_service_pb2.DispatchRequest(commands=[journalled_message(command) for command in commands])
    ledger.batches[name] = message.SerializeToString(), request_ids
    return name


async def caller(life: Life, name: str, draw: random.Random) -> None:
    """Bring contacts and have them served, for ever."""
    while not life.is_over:
        await asyncio.sleep(0.02)
        if name not in life.houses:
            continue
        visitor = Visitor(life, name, draw)
        ledger = visitor.ledger
        try:
            for request_id, command in list(ledger.unanswered.items()):
                if ledger.unanswered.get(request_id) is command and draw.random() < 0.7:
                    await visitor.ask(command)
            for command, _ in draw.sample(list(ledger.acknowledged.values()), min(len(ledger.acknowledged), 5)):
                await visitor.ask(command)
            while True:
                await _one_contact(visitor)
                await asyncio.sleep(draw.random() ** 2 * 0.15)
        except Gone:
            continue


async def _one_contact(visitor: Visitor) -> None:
    ledger, draw = visitor.ledger, visitor.draw
    ledger.numbers += 1
    name = f"{ledger.name}-c{ledger.numbers}"
    customer = draw.choices(("", MISHAP, CURSED), (94, 2, 4))[0] if ledger.has_mishaps else ""
    if customer == MISHAP:
        ledger.tripping.add(f"{name}/enqueue")
    elif customer:
        ledger.cursed.add(name)
    named = customer or draw.random() < 0.6
    command = EnqueueContact(
        name if named else "",
        "sales",
        priority=draw.randrange(3),
        customer_id=customer,
        request_id=f"{name}/enqueue",
    )
    answer = await visitor.ask(command)
    if answer is None:
        return
    contact_id = answer.contact_id
    if answer.contact_state == ContactState.OFFERED and draw.random() < 0.8:
        accept = AcceptOffer(contact_id, answer.agent_id, answer.offer_id, request_id=f"{name}/accept")
        if await visitor.ask(accept) is not None:
            await asyncio.sleep(draw.random() * 0.05)
            await visitor.ask(CompleteContact(contact_id, request_id=f"{name}/complete"))
            return
    if draw.random() < 0.8:
        await visitor.ask(CancelContact(contact_id, request_id=f"{name}/cancel"))


async def dispatcher(life: Life, name: str, draw: random.Random) -> None:
    """Send batches, those first that were not answered in an earlier life."""
    visitor = Visitor(life, name, draw)
    ledger = visitor.ledger
    try:
        for batch in [batch for batch in ledger.batches if batch not in ledger.dispatched]:
            await visitor.dispatch(batch)
        while True:
            await visitor.dispatch(_new_batch(ledger, draw))
            await asyncio.sleep(draw.random() * 0.3)
    except Gone:
        return


async def flood(life: Life, name: str, other: str, draw: random.Random) -> None:
    """Now and then more than a few batches hold comes at once for a tenant; who else asks then is not kept waiting."""
    most = life.config.batch_commands_max
    while most <= 8 and not life.is_over:
        await asyncio.sleep(0.1 + draw.random())
        flooded, quiet = life.houses.get(name), life.houses.get(other)
        if flooded is None or quiet is None:
            continue
        try:
            waited_for = await _ahead_of_a_quiet_one(life, flooded, quiet, 12 * most)
        except ServiceError:
            return
        if waited_for > 5 * most and not life.is_over:
            raise Broken(f"a tenant waited for {waited_for} commands of another, {most} to a batch")


async def _ahead_of_a_quiet_one(life: Life, flooded: House, quiet: House, count: int) -> int:
    """How many commands of a flood are answered before the one of a tenant that asks after it; 0 if that tenant has
    long work of its own to wait for.
    """
    order: list[str] = []
    begun_apart = life.begun_apart[quiet.name]
    is_apart = quiet.seat in life.sequencer._apart

    def submit(house: House, sender: str) -> "asyncio.Future[Answer]":
        future = life.sequencer.submit(house.seat, Heartbeat(("nobody",)), Asking(sender=sender))
        future.add_done_callback(lambda done: order.append(sender) if done.exception() else None)
        return future

    many = [submit(flooded, "flood") for _ in range(count)]
    await asyncio.wait([submit(quiet, "quiet"), *many])
    return 0 if is_apart or life.begun_apart[quiet.name] != begun_apart else order.index("quiet")


async def keeper(life: Life, draw: random.Random) -> None:
    """Agents who went away or offline come back."""
    while not life.is_over:
        await asyncio.sleep(draw.random() * 0.6)
        for house in list(life.houses.values()):
            try:
                await house.keep_agents()
            except (*TRY_AGAIN, Refused):
                continue
            except Stopping:
                return


async def planner(life: Life, names: tuple[str, ...], draw: random.Random) -> None:
    """Policies and agents come anew, and somebody asks what takes long to tell; where much is, it is done apart."""
    while not life.is_over:
        await asyncio.sleep(draw.random() * 0.5)
        house = life.houses.get(draw.choice(names))
        if house is None:
            continue
        house.ledger.numbers += 1
        request_id = f"{house.name}/plan{house.ledger.numbers}"
        agents = tuple(AgentSpec(f"a{number}") for number in range(AGENTS))
        commands = (ApplyPolicy(POLICY, request_id=request_id), UpsertAgents(agents, request_id=request_id))
        try:
            if draw.random() < 0.7:
                await Visitor(life, house.name, draw).ask(draw.choice(commands))
            else:
                await _ask_what_is_durable(life, house)
        except (*TRY_AGAIN, Gone, Stopping):
            continue
        except JournalError:
            if not life.disk.failed:
                raise


async def _ask_what_is_durable(life: Life, house: House) -> None:
    told = await life.sequencer.look_long(house.seat, lambda engine: engine.event_seq)
    if life.houses.get(house.name) is house and life.journal.extent(house.name).last_event_seq < told:
        raise Broken(f"event {told} of {house.name} was told of, and is not in the journal")


async def subscriber(life: Life, name: str, draw: random.Random) -> None:
    """Follow everything, from the first event not yet seen; now and then drop the stream and resume from before."""
    ended = None
    while True:
        house = life.houses.get(name)
        if house is None or house is ended:
            if life.is_over:
                return
            await asyncio.sleep(0.05)
            continue
        try:
            await _follow(house, draw)
        except ServiceError:
            ended = house  # all that it had was told, or it is suspended


async def _follow(house: House, draw: random.Random) -> None:
    ledger, fanout, life = house.ledger, house.fanout, house.life
    cursor = ledger.last_seen + 1
    while True:
        expected = cursor
        try:
            async for chunk in fanout.follow(cursor, EventFilter()):
                for content in chunk.contents:
                    event = codec.decode_event(content)
                    if event.event_seq != expected:
                        raise Broken(f"event {event.event_seq} came where {expected} was next")
                    ledger.see(expected, content)
                    expected += 1
                if chunk.next_event_seq != expected:
                    raise Broken(f"the stream says to go on from {chunk.next_event_seq}, after event {expected - 1}")
                cursor = expected
                if draw.random() < 0.1:
                    await asyncio.sleep(draw.random() ** 2)
                if draw.random() < 0.1:
                    cursor = max(draw.randrange(max(cursor - 30, 1), cursor + 1), 1)
                    break
        except EventSeqAhead as ahead:
            raise Broken(f"event {cursor - 1} of {house.name} was seen, and is not there any more: {ahead}") from None
        except EventsNoLongerKept:
            if not life.config.events_kept_min:
                raise Broken(f"event {cursor} is not kept, though all are to be") from None
            if life.houses.get(house.name) is not house:
                return  # suspended and resumed meanwhile: the journal has gone on, this seat's stream has not
            cursor = max(life.journal.extent(house.name).oldest_event_seq, 1)
        except JournalError:
            if not life.disk.failed:
                raise
            await asyncio.sleep(0.01)


async def choosy(life: Life, name: str, draw: random.Random) -> None:
    """Follow some kinds of event, a stretch at a time, and keep what was told for the end."""
    house = life.houses[name]
    while True:
        begin = cursor = max(house.fanout.next_event_seq - draw.randrange(12), 1)
        told: list[int] = []
        try:
            async for chunk in house.fanout.follow(begin, WANTED):
                told += [codec.decode_event(content).event_seq for content in chunk.contents]
                cursor = chunk.next_event_seq
                if draw.random() < 0.2:
                    break
        except EventsNoLongerKept:
            if not life.config.events_kept_min:
                raise Broken(f"event {begin} is not kept, though all are to be") from None
            await asyncio.sleep(0.05)
        except JournalError:
            if not life.disk.failed:
                raise
            await asyncio.sleep(0.01)
        except ServiceError:
            return
        finally:
            house.ledger.filtered.append((begin, cursor, told))
