"""A Dispatch stream: batches of commands in, batches of results out, as bytes on both sides.

Batches are answered in the order in which they came, each when everything in it is durable. Some may be under way at a
time; who sends more than that, or does not read the answers, is held up by gRPC's flow control and nobody else is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import grpc.aio
from google.protobuf.message import DecodeError

from acd.v1.command_pb2 import Command as CommandMessage
from acd.v1.command_pb2 import CommandResult
from acd_core.commands import Command, EnqueueContact
from acd_core.refusal import Refused
from acd_service.batches import Batch, read_batch
from acd_service.codec.batches import dispatched_command, error_result
from acd_service.errors import status_of
from acd_service.rpc.call import asking_of
from acd_service.rpc.customer_changes import remove_customers, upsert_customers
from acd_service.rpc.dispatch_permit import permit_of_caller
from acd_service.rpc.enqueueing import with_customer
from acd_service.service_error import Overloaded, QuotaExceeded, ServiceError, Stopping
from acd_service.tenant import Tenant

IN_FLIGHT_MAX: Final = 16
"""Batches of one stream that are taken and not answered: enough to keep the commit and the network busy."""
_CHANGES: Final[Mapping[str, Callable[[Tenant, Any], Awaitable[Any]]]] = {
    "upsert_customers": upsert_customers,
    "remove_customers": remove_customers,
}


class DispatchStream:
    """One stream of one client."""

    def __init__(self, tenant: Tenant, context: Any) -> None:
        self._tenant = tenant
        self._context = context
        self._asking = asking_of(context)
        self._permit = permit_of_caller()
        self._answers: asyncio.Queue[asyncio.Future[bytes] | None] = asyncio.Queue(IN_FLIGHT_MAX)

    async def run(self) -> None:
        """Until the client has sent all and has its answers, or the service stops.

        Raises:
            Refused: a message was no batch; those before it are answered.
            ServiceError: the service does not take more.
        """
        with self._tenant.metering.stream():
            await self._run()

    async def _run(self) -> None:
        helpers = [asyncio.create_task(self._read()), asyncio.create_task(self._end_when_stopping())]
        try:
            while (answer := await self._answers.get()) is not None:
                await self._context.write(await answer)
        finally:
            for helper in helpers:
                helper.cancel()
            while not self._answers.empty():
                answer = self._answers.get_nowait()
                if answer is not None:
                    answer.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while (content := await self._context.read()) is not grpc.aio.EOF:
                await self._answers.put(await self._take(content))
            await self._answers.put(None)
        except Exception as error:
            await self._answers.put(_failed(error))

    async def _end_when_stopping(self) -> None:
        await self._tenant.stopping.wait()
        await self._answers.put(_failed(Stopping("the service is stopping")))

    async def _take(self, content: bytes) -> "asyncio.Future[bytes]":
        batch = read_batch(content)
        places = batch.frame.places_with_customers(self._tenant.directory.is_empty)
        if places:
            batch = Batch(batch.frame, await self._made_before(batch, places))
        while True:
            try:
                return self._tenant.submit_batch(batch, self._asking, permit=self._permit)
            except (Overloaded, QuotaExceeded) as overloaded:
                # Holding up this stream is all that is needed: it sends no more meanwhile.
                await asyncio.sleep(overloaded.retry_after_ms / 1_000)

    async def _made_before(self, batch: Batch, places: list[int]) -> dict[int, Command | Exception | bytes]:
        """What the directory has a part in, in its order: each contact is given its customer as of that moment."""
        made: dict[int, Command | Exception | bytes] = {}
        for place in places:
            try:
                made[place] = await self._made(batch.frame.command(place), place)
            except (Refused, ServiceError) as error:
                made[place] = error
        return made

    async def _made(self, content: bytes, place: int) -> Command | bytes:
        """A command, if it is a new contact's with what is known of its customer; the result of a change of the
        directory.
        """
        try:
            message: Any = CommandMessage.FromString(content)
        except DecodeError:
            return dispatched_command(content, place)  # says what is wrong
        which = message.WhichOneof("command")
        if which in _CHANGES:
            if self._permit is not None:
                self._permit.check(content)
            return await self._changed(which, getattr(message, which))
        command = dispatched_command(content, place)
        if isinstance(command, EnqueueContact):
            command = await with_customer(self._tenant, command, message.enqueue_contact.customer_address)
        return command

    async def _changed(self, which: str, request: Any) -> bytes:
        try:
            return CommandResult(**{which: await _CHANGES[which](self._tenant, request)}).SerializeToString()
        except (Refused, ServiceError) as error:
            # Not left to the engine to refuse: what it refuses is counted with its commands.
            return error_result(status_of(error).SerializeToString())


def _failed(error: Exception) -> "asyncio.Future[bytes]":
    future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future
