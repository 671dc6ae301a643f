"""`acd events`: follow the event stream."""

from collections.abc import Iterator
from typing import Any

import click
import grpc
import orjson

from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.event_pb2 import Event, EventType
from acd.v1.event_service_pb2 import FromNow, SubscribeRequest
from acd.v1.event_service_pb2_grpc import EventServiceStub
from acd_service.cli.connection import DEADLINE_S, Service, connect, server_option
from acd_service.cli.event_text import event_object, event_text
from acd_service.cli.terminal import example, results, write_bytes

_PREFIX = "EVENT_TYPE_"
_TYPES = [name.removeprefix(_PREFIX).lower() for name in EventType.keys() if name != f"{_PREFIX}UNSPECIFIED"]  # noqa: SIM118


@click.command(
    "events",
    epilog=example(
        "acd events",
        "acd events --from 1 --until-idle --json > events.jsonl",
        "acd events --type offer_made --type offer_accepted --agent ann",
    ),
)
@click.option("--from", "from_event_seq", type=click.IntRange(1), help="Begin with this event; without it, from now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line and nothing else.")
@click.option("--count", type=click.IntRange(1), help="End after so many events.")
@click.option("--until-idle", is_flag=True, help="End when every event that has happened was shown.")
@click.option(
    "--type", "types", type=click.Choice(_TYPES), multiple=True, metavar="TYPE", help="Only these; repeatable."
)
@click.option("--queue", "queue_ids", multiple=True, help="Only events that name this queue; repeatable.")
@click.option("--agent", "agent_ids", multiple=True, help="Only events that name this agent; repeatable.")
@server_option
def events_command(
    from_event_seq: int | None,
    as_json: bool,
    count: int | None,
    until_idle: bool,
    types: tuple[str, ...],
    queue_ids: tuple[str, ...],
    agent_ids: tuple[str, ...],
    server: Service,
) -> None:
    """Follow the event stream: everything that happens, in order, without gaps.

    Goes on until Ctrl-C, unless --count or --until-idle ends it. Every event that is shown is durable.
    """
    request = SubscribeRequest(
        types=[_PREFIX + name.upper() for name in types], queue_ids=queue_ids, agent_ids=agent_ids
    )
    if from_event_seq is None:
        request.now.CopyFrom(FromNow())
    else:
        request.from_event_seq = from_event_seq
    console = results()
    shown = 0
    with connect(server) as channel:
        for event in _followed(channel, request, until_idle):
            if as_json:
                write_bytes(orjson.dumps(event_object(event), option=orjson.OPT_APPEND_NEWLINE))
            else:
                console.print(event_text(event), soft_wrap=True)
            shown += 1
            if shown == count:
                return


def _followed(channel: grpc.Channel, request: SubscribeRequest, until_idle: bool) -> Iterator[Event]:
    status: Any = AdminServiceStub(channel).GetStatus

    def last_event_seq() -> int:
        reply = status(GetStatusRequest(), timeout=DEADLINE_S)
        return int(reply.event_seq)

    if until_idle and (request.HasField("now") or request.from_event_seq == last_event_seq() + 1):
        return
    stream = EventServiceStub(channel).Subscribe(request)
    try:
        for message in stream:
            yield from message.events
            if until_idle and message.next_event_seq > last_event_seq():
                return
    finally:
        stream.cancel()
