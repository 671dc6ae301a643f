"""`acd status`: how a running service is."""

import click
from google.protobuf.json_format import MessageToDict

from acd.v1.admin_service_pb2 import GetStatusRequest
from acd.v1.admin_service_pb2_grpc import AdminServiceStub
from acd.v1.contact_pb2 import EndCause
from acd_service.cli.connection import DEADLINE_S, Service, connect, server_option
from acd_service.cli.terminal import EXIT_FAILED, example, json_option, print_json, results


@click.command("status", epilog=example("acd status", "acd status --server 127.0.0.1:7007 --json"))
@server_option
@json_option
@click.pass_context
def status_command(context: click.Context, server: Service, as_json: bool) -> None:
    """Show how a running service is: counts, positions, invariants.

    Exit status 1 if a counter that must stay zero is not, or a command was set aside.
    """
    with connect(server) as channel:
        status = AdminServiceStub(channel).GetStatus(GetStatusRequest(), timeout=DEADLINE_S)
    broken = {name: count for name, count in status.invariant_violations.items() if count}
    if as_json:
        # 64-bit numbers are texts in the standard mapping of protobuf to JSON.
        print_json(MessageToDict(status, preserving_proto_field_name=True, always_print_fields_with_no_presence=True))
    else:
        counts = status.counts
        console = results()
        console.print(f"policy version {status.policy_version}, command {status.seq:,}, event {status.event_seq:,}")
        console.print(f"agents    {counts.agents:,}, {counts.agents_ready:,} ready")
        console.print(
            f"contacts  {counts.waiting:,} waiting, {counts.offered:,} offered, {counts.active:,} active, "
            f"{counts.wrap_up:,} in wrap-up, {counts.opened:,} in all"
        )
        ended = ", ".join(
            f"{entry.count:,} {EndCause.Name(entry.cause).removeprefix('END_CAUSE_').lower()}"
            for entry in counts.closed
            if entry.count
        )
        console.print(f"ended     {ended or 'none'}")
        console.print(f"journal   {status.journal_bytes:,} bytes, events kept from {status.oldest_event_seq:,}")
        console.print(f"streams   {len(status.subscribers)}")
        for name, count in broken.items():
            console.print(f"[bold red]invariant {name} was broken {count} times[/]")
        for entry in status.set_aside:
            console.print(f"[bold red]set aside:[/] {entry.kind}: {entry.message}")
    if broken or status.set_aside:
        context.exit(EXIT_FAILED)
