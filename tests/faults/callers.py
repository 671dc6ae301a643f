"""Model clients: they bring contacts, serve them, subscribe; lose answers and ask again, and go on after a restart."""

import asyncio
import random

from faults.ledger import Broken
from faults.life import MISHAP, Life

from acd_core.commands import AcceptOffer, CancelContact, Command, CompleteContact, EnqueueContact
from acd_core.enums import ContactState, EventType
from acd_core.refusal import Reason, Refused
from acd_service import codec
from acd_service.fanout import EventFilter
from acd_service.journal import TENANT_DEFAULT, JournalError
from acd_service.service_error import (
    CommandSetAside,
    DeadlinePassed,
    EventSeqAhead,
    EventsNoLongerKept,
    Overloaded,
    ServiceError,
    Stopping,
)

NEVER_RIGHT = (Reason.TIME_BACKWARDS, Reason.REQUEST_ID_REUSED)
WANTED = EventFilter(types=frozenset({int(EventType.OFFER_MADE), int(EventType.CONTACT_ENQUEUED)}))


class Gone(Exception):
    """The service is not there any more."""


async def ask(life: Life, command: Command, draw: random.Random):
    """Ask until there is an answer. None: it was refused, or set aside."""
    ledger = life.ledger
    while True:
        try:
            answer = await life.do(command, draw.choice((None, None, None, 0.004)))
        except (TimeoutError, DeadlinePassed, Overloaded):
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


async def caller(life: Life, draw: random.Random) -> None:
    """Bring contacts and have them served, for ever."""
    ledger = life.ledger
    try:
        for request_id, command in list(ledger.unanswered.items()):
            if ledger.unanswered.get(request_id) is command and draw.random() < 0.7:
                await ask(life, command, draw)
        for command, _ in draw.sample(list(ledger.acknowledged.values()), min(len(ledger.acknowledged), 5)):
            await ask(life, command, draw)
        while True:
            await one_contact(life, draw)
            await asyncio.sleep(draw.random() ** 2 * 0.15)
    except Gone:
        return


async def one_contact(life: Life, draw: random.Random) -> None:
    ledger = life.ledger
    ledger.numbers += 1
    name = f"c{ledger.numbers}"
    customer = MISHAP if draw.random() < 0.02 else ""
    if customer:
        ledger.tripping.add(f"{name}/enqueue")
    named = draw.random() < 0.6
    command = EnqueueContact(
        name if named else "",
        "sales",
        priority=draw.randrange(3),
        customer_id=customer,
        request_id=f"{name}/enqueue",
    )
    answer = await ask(life, command, draw)
    if answer is None:
        return
    contact_id = answer.contact_id
    if answer.contact_state == ContactState.OFFERED and draw.random() < 0.8:
        accept = AcceptOffer(contact_id, answer.agent_id, answer.offer_id, request_id=f"{name}/accept")
        if await ask(life, accept, draw) is not None:
            await asyncio.sleep(draw.random() * 0.05)
            await ask(life, CompleteContact(contact_id, request_id=f"{name}/complete"), draw)
            return
    if draw.random() < 0.8:
        await ask(life, CancelContact(contact_id, request_id=f"{name}/cancel"), draw)


async def subscriber(life: Life, draw: random.Random) -> None:
    """Follow everything, from the first event not yet seen; now and then drop the stream and resume from before."""
    ledger, fanout = life.ledger, life.fanout
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
            raise Broken(f"event {cursor - 1} was seen, and is not there any more: {ahead}") from None
        except EventsNoLongerKept:
            if not life.config.events_kept_min:
                raise Broken(f"event {cursor} is not kept, though all are to be") from None
            cursor = max(life.journal.extent(TENANT_DEFAULT).oldest_event_seq, 1)
        except JournalError:
            if not life.disk.failed:
                raise
            await asyncio.sleep(0.01)
        except ServiceError:
            return


async def choosy(life: Life, draw: random.Random) -> None:
    """Follow some kinds of event, a stretch at a time, and keep what was told for the end."""
    while True:
        begin = cursor = max(life.fanout.next_event_seq - draw.randrange(12), 1)
        told: list[int] = []
        try:
            async for chunk in life.fanout.follow(begin, WANTED):
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
            life.ledger.filtered.append((begin, cursor, told))
