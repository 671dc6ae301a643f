"""Reconcile: what a PBX states is held against the engine, and what differs repaired in one transaction.

The engine is looked at in pieces, so that others are served between them. What differs is looked at again at the
moment of the repair.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from acd.v1 import admin_service_pb2
from acd_core.refusal import Reason, Refused
from acd_service.codec.reconciling import (
    reconcile_kept,
    reconcile_record,
    reconcile_response,
    reconcile_statement,
)
from acd_service.engine_interface import RoutingEngine
from acd_service.reconciling.difference import (
    AgentDifference,
    ContactDifference,
    agent_difference,
    contact_difference,
    may_be_absent,
    may_be_gone,
)
from acd_service.reconciling.repair import DIFFERENCES_MAX, Repair
from acd_service.reconciling.statement import Statement
from acd_service.rpc.call import asking_of, read_aside
from acd_service.service_error import AnswerNoLongerKept
from acd_service.tenant import Tenant

_AT_ONCE: Final = 200
"""Contacts or agents that are looked at before others are let in: about a millisecond."""
_ALL: Final = -1


async def reconcile(tenant: Tenant, request: Any, context: Any) -> Any:
    """Answer a ReconcileRequest.

    Raises:
        Refused: with the field's path; nothing was changed.
        AnswerNoLongerKept: it repeats a call whose answer is gone.
    """
    asking = asking_of(context)
    now_ns = asking.at_ns if asking.at_ns is not None else tenant.clock.now_ns()
    search = _Search(tenant, await read_aside(partial(reconcile_statement, now_ns=now_ns), request))
    await search.run()
    if not request.repair:
        seq, at_ns = await tenant.look(lambda engine: (engine.seq, engine.now_ns))
        return await asyncio.to_thread(reconcile_response, seq, at_ns, search.contacts, search.agents)
    request_hash = await read_aside(_hash_of, request)
    repair = Repair(
        search.statement,
        request.request_id,
        [each.contact_id for each in search.contacts],
        [each.agent_id for each in search.agents],
        lambda done: reconcile_record(request_hash, _response(done)),
    )
    await tenant.submit_series(repair, asking)
    if repair.duplicate:
        return await asyncio.to_thread(_first_answer, tenant, repair.first_seq, request_hash)
    return await asyncio.to_thread(_response, repair)


def _hash_of(request: Any) -> bytes:
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


def _response(repair: Repair) -> admin_service_pb2.ReconcileResponse:
    return reconcile_response(repair.seq, repair.at_ns, repair.contacts, repair.agents)


def _first_answer(tenant: Tenant, seq: int, request_hash: bytes) -> admin_service_pb2.ReconcileResponse:
    """What a call came to whose first command was `seq`."""
    if seq < tenant.journal.extent(tenant.name).oldest_seq:
        raise AnswerNoLongerKept("the call was carried out; what it came to is no longer kept")
    kept = reconcile_kept(next(iter(tenant.journal.read(tenant.name, seq))).content)
    if kept is None or kept[0] != request_hash:
        raise Refused(Reason.REQUEST_ID_REUSED, "request_id", "the request came before with other content")
    kept[1].duplicate = True
    return kept[1]


class _Search:
    """Looks for what differs, and finds no more than may be repaired at once."""

    def __init__(self, tenant: Tenant, statement: Statement) -> None:
        self._tenant = tenant
        self.statement = statement
        self.contacts: list[ContactDifference] = []
        self.agents: list[AgentDifference] = []

    async def run(self) -> None:
        await self._tenant.look(self._check_channels)
        for contact_ids in _pieces(self.statement.contacts):
            await self._look_at_contacts(contact_ids)
        for agent_ids in _pieces(self.statement.agents):
            await self._look_at_agents(agent_ids)
        if self.statement.channels:
            await self._look_for_gone()
        if self.statement.all_agents:
            await self._look_for_absent()

    def _check_channels(self, engine: RoutingEngine) -> None:
        known = {channel.channel_id for channel in engine.policy.channels}
        for index, channel_id in enumerate(self.statement.channels):
            if channel_id not in known:
                raise Refused(Reason.UNKNOWN_CHANNEL, f"channels[{index}]", f'there is no channel "{channel_id}"')

    async def _look_at_contacts(self, contact_ids: Sequence[str]) -> None:
        def question(engine: RoutingEngine) -> list[ContactDifference]:
            found = (contact_difference(engine, self.statement, contact_id) for contact_id in contact_ids)
            return [each for each in found if each is not None]

        self.contacts += await self._tenant.look(question)
        await self._after_a_piece()

    async def _look_at_agents(self, agent_ids: Sequence[str]) -> None:
        def question(engine: RoutingEngine) -> list[AgentDifference]:
            found = (agent_difference(engine, self.statement, agent_id) for agent_id in agent_ids)
            return [each for each in found if each is not None]

        self.agents += await self._tenant.look(question)
        await self._after_a_piece()

    async def _look_for_gone(self) -> None:
        ordinal = 0

        def question(engine: RoutingEngine) -> tuple[list[str], int]:
            views, following, _ = engine.contacts_from(ordinal, _ALL, _AT_ONCE, _AT_ONCE)
            return [view.contact_id for view in views if may_be_gone(view, self.statement)], following

        while ordinal >= 0:
            contact_ids, ordinal = await self._tenant.look(question)
            await self._look_at_contacts(contact_ids)

    async def _look_for_absent(self) -> None:
        ordinal = 0

        def question(engine: RoutingEngine) -> tuple[list[str], int]:
            views, following, _ = engine.agents_from(ordinal, _ALL, _AT_ONCE, _AT_ONCE)
            return [view.spec.agent_id for view in views if may_be_absent(view, self.statement)], following

        while ordinal >= 0:
            agent_ids, ordinal = await self._tenant.look(question)
            await self._look_at_agents(agent_ids)

    async def _after_a_piece(self) -> None:
        if len(self.contacts) + len(self.agents) > DIFFERENCES_MAX:
            text = (
                f"more than {DIFFERENCES_MAX} contacts and agents differ; state less at a time, a channel for instance"
            )
            raise Refused(Reason.TOO_MANY, "contacts", text)
        await asyncio.sleep(0)


def _pieces(ids: Iterable[str]) -> Iterator[Sequence[str]]:
    each = iter(ids)
    while piece := list(islice(each, _AT_ONCE)):
        yield piece
