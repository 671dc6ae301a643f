"""Erases a customer of a tenant beside its traffic, step by step, each durable before the next; a step that a service
did not come to is done by the next one.

1. The directory forgets the customer.
2. The engine does, by `ForgetCustomer`: from now on nothing in the state, nor in any hash to come, is the customer's.
3. A snapshot behind that command takes the place of what can no longer be replayed, and older ones go.
4. The record up to that command is gone through, and in pieces between commits what is the customer's is replaced.
5. What is in memory, in the list of commands that were set aside, and in free places of the files goes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

from acd_core.commands import ForgetCustomer
from acd_core.events import Answer
from acd_core.limits import CONTACTS_PER_COMMAND_MAX
from acd_service.asking import Asking
from acd_service.codec.personal import Theirs, forgotten_in
from acd_service.customers.directory import CustomerDirectory, Erased
from acd_service.erasing.links import Replaced, links_through, without
from acd_service.fanout import Fanout
from acd_service.journal import ERASED, ERASING, JournalError
from acd_service.journal_sqlite import SqliteJournal
from acd_service.retention import PIECE_PAGES, in_piece
from acd_service.sequencer import Sequencer
from acd_service.service_error import ErasureUnfinished, ServiceError
from acd_service.set_aside import SetAside
from acd_service.snapshot_schedule import SnapshotFailed, SnapshotSchedule

_log = logging.getLogger(__name__)
COMPACT_BYTES_MAX: Final = 2**26
"""A journal up to this size is written anew as a whole, which takes some tenths of a second; in a larger one what was
let go of is overwritten where it is."""
_WIPES_MAX: Final = 300
_WIPE_AGAIN_S: Final = 0.1


class _Forgotten(NamedTuple):
    """The command by which the engine forgot the customer; the last, if it took several."""

    customer_id: str
    """Empty if an erasure goes on that has replaced all that told it."""
    seq: int
    at_ns: int
    asked_by: str


class Eraser:
    """Of one tenant; erases one customer at a time. Used on the event loop."""

    def __init__(
        self,
        tenant: str,
        journal: SqliteJournal,
        sequencer: Sequencer,
        snapshots: SnapshotSchedule,
        fanout: Fanout,
        directory: CustomerDirectory,
        set_aside: SetAside,
        submit: Callable[[ForgetCustomer, Asking], Awaitable[Answer]],
    ) -> None:
        self._tenant = tenant
        self._journal = journal
        self._sequencer = sequencer
        self._snapshots = snapshots
        self._fanout = fanout
        self._directory = directory
        self._set_aside = set_aside
        self._submit = submit
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Go on with what a service before this one began."""
        if ERASING in self._journal.facts_of(self._tenant):
            self._in_task(self._finish())

    async def erase(self, customer_id: str, asking: Asking, request_id: str = "") -> Erased:
        """Erase a customer, whether anything is known of it or not. Goes on when whoever asked is gone.

        Args:
            request_id: asked again with the same, it gives the first answer and erases nothing.

        Raises:
            ErasureUnfinished: a step failed; the next start of the service, or the next erasure, goes on from there.
            Refused, ServiceError: as `Tenant.submit`; nothing was changed but the directory.
        """
        task = self._in_task(self._erase(customer_id, asking._replace(deadline=None), request_id))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                raise  # whoever asked is gone
            raise ErasureUnfinished("the erasure is not finished: the tenant, or the service, is stopping") from None

    async def stop(self) -> None:
        """Leave what is under way to the next start."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _in_task(self, work: Any) -> "asyncio.Task[Any]":
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work, name="erasure")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _erase(self, customer_id: str, asking: Asking, request_id: str) -> Erased:
        async with self._lock:
            await self._go_on()
            earlier = await self._directory.begin_to_erase(customer_id, request_id)
            if earlier is not None:
                return earlier
            await self._directory.forget(customer_id)
            began = (await asyncio.to_thread(self._journal.extent, self._tenant)).last_seq
            await self._in_journal(lambda: self._journal.put_fact(self._tenant, ERASING, began))
            try:
                answer = await self._have_it_forgotten(customer_id, began, asking)
            except Exception:
                # What the engine has forgotten by then is erased; if it has not, nothing is under way any more.
                await self._go_on()
                raise
            forgotten = _Forgotten(customer_id, answer.seq, answer.at_ns, asking.asked_by)
            return await self._carry_out(forgotten)

    async def _finish(self) -> None:
        try:
            async with self._lock:
                await self._go_on()
        except (ServiceError, JournalError, OSError) as error:
            _log.error("tenant %s: an erasure that was begun cannot go on: %s", self._tenant, error)

    async def _go_on(self) -> None:
        """Finish an erasure that was begun and not finished."""
        began = self._journal.facts_of(self._tenant).get(ERASING)
        if began is None:
            return
        forgotten = await asyncio.to_thread(self._found_in_journal, began)
        if forgotten is None:
            await self._in_journal(lambda: self._journal.drop_fact(self._tenant, ERASING))
            return
        _log.warning("tenant %s: an erasure that was begun goes on, up to seq %d", self._tenant, forgotten.seq)
        if forgotten.customer_id:
            await self._directory.forget(forgotten.customer_id)
        await self._carry_out(forgotten)

    def _found_in_journal(self, began: int) -> _Forgotten | None:
        found = None
        customer_id = ""
        for kept in self._journal.read(self._tenant, max(began + 1, self._journal.extent(self._tenant).oldest_seq)):
            command = forgotten_in(kept.content)
            if command is not None:
                customer_id = command.customer_id or customer_id
                found = _Forgotten(customer_id, kept.seq, kept.at_ns, command.asked_by)
        return found

    async def _have_it_forgotten(self, customer_id: str, began: int, asking: Asking) -> Answer:
        """The engine forgets the customer, and tells of all its contacts. One may have come and be over again since the
        record was gone through: then once more.
        """
        theirs, told, number = Theirs(customer_id), set[str](), -1
        number = await asyncio.to_thread(self._look_through, theirs, began, number)
        while True:
            over = [contact_id for contact_id in theirs.contacts if contact_id not in told]
            for start in range(0, max(len(over), 1), CONTACTS_PER_COMMAND_MAX):
                part = tuple(over[start : start + CONTACTS_PER_COMMAND_MAX])
                answer = await self._submit(ForgetCustomer(customer_id, part), asking)
                told |= {event.contact_id for event in answer.events} | set(part)
            number = await asyncio.to_thread(self._look_through, theirs, answer.seq, number)
            if theirs.contacts.keys() <= told:
                return answer

    def _look_through(self, theirs: Theirs, through_seq: int, number: int) -> int:
        """Find contacts in links from one on; which link is next."""
        for group in links_through(self._journal, self._tenant, through_seq, number):
            for records in group:
                without(records, theirs, through_seq)
                number = records.link.number + 1
        return number

    async def _carry_out(self, forgotten: _Forgotten) -> Erased:
        customer_id, seq = forgotten.customer_id, forgotten.seq
        try:
            await self._replace_snapshots(seq)
            if customer_id:
                # While the record still says whose they are: one that goes on later may know only the contacts.
                await asyncio.to_thread(self._set_aside.erase, customer_id, ())
            theirs = Theirs(customer_id, seq)
            note = {"seq": seq, "asked_by": forgotten.asked_by, "at_ns": forgotten.at_ns}
            groups = self._replaced(theirs, seq)
            while (group := await asyncio.to_thread(next, groups, None)) is not None:
                if group:
                    await self._in_journal(partial(self._journal.erase, self._tenant, group, note))
            self._fanout.forget_recent()
            await asyncio.to_thread(self._set_aside.erase, customer_id, theirs.contacts)
            await self._wipe()
            erased = Erased(seq, forgotten.at_ns, len(theirs.contacts), theirs.commands, theirs.events)
            await self._directory.remember_erased(erased)
            await self._in_journal(lambda: self._journal.drop_fact(self._tenant, ERASING))
        except (JournalError, SnapshotFailed, OSError) as error:
            raise ErasureUnfinished(f"the erasure is not finished: {error}") from error
        _log.warning("tenant %s: a customer was erased up to seq %d", self._tenant, seq)
        return erased

    async def _replace_snapshots(self, seq: int) -> None:
        """From now on a replay begins behind this command, with a snapshot that is whole."""
        journal, tenant = self._journal, self._tenant
        taken = await self._snapshots.take()
        await asyncio.to_thread(journal.snapshots.of(tenant, taken.seq).digest)
        if journal.facts_of(tenant).get(ERASED, 0) < seq:
            await self._in_journal(lambda: journal.put_fact(tenant, ERASED, seq))
        await asyncio.to_thread(journal.snapshots.remove_before, tenant, seq)

    def _replaced(self, theirs: Theirs, seq: int) -> Iterator[list[Replaced]]:
        for group in links_through(self._journal, self._tenant, seq):
            replaced = (without(records, theirs, seq) for records in group)
            yield [link for link in replaced if link is not None]

    async def _wipe(self) -> None:
        """Nothing is left where SQLite keeps what it has let go of, nor in its log."""
        if not await self._in_journal(lambda: self._journal.compact(COMPACT_BYTES_MAX)):
            while await self._in_journal(lambda: self._journal.give_back(PIECE_PAGES)):
                pass
        for _ in range(_WIPES_MAX):
            if await self._in_journal(self._journal.wipe_log):
                return
            await asyncio.sleep(_WIPE_AGAIN_S)
        raise ErasureUnfinished("somebody reads the journal all the time, so its log cannot be emptied")

    async def _in_journal(self, work: Callable[[], Any]) -> Any:
        return await in_piece(self._sequencer, work)
