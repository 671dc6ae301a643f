"""From the command line to a running service: the `--server` option, a channel, and refusals in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from acd_service.cli.terminal import BadInput, Failed

SERVER_DEFAULT: Final = "127.0.0.1:7007"
DEADLINE_S: Final = 30.0
"""For one call; a large policy or batch of agents takes well under a second."""

server_option = click.option(
    "--server",
    default=SERVER_DEFAULT,
    show_default=True,
    envvar="ACD_SERVER",
    metavar="ADDR",
    help="The service to talk to, host:port; or set ACD_SERVER.",
)

_INPUT_CODES: Final = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.OUT_OF_RANGE,
)


@contextmanager
def connect(server: str) -> Iterator[grpc.Channel]:
    """A channel to the service.

    Raises:
        Failed: a call within failed; the message is one sentence for a person.
    """
    with grpc.insecure_channel(server) as channel:
        try:
            yield channel
        except grpc.RpcError as error:
            raise explain(error, server) from None


def explain(error: grpc.RpcError, server: str) -> Failed:
    """What a failed call means, with reason and field where the service gave them.

    A service that refuses what it was given is bad input (exit status 2), anything else a failure (1).
    """
    reason, field, message = details_of(error)
    if not reason and error.code() == grpc.StatusCode.UNAVAILABLE:
        return Failed(f"no service answers at {server}; is `acd serve` running?")
    if not reason and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        return Failed(f"the service at {server} did not answer in time")
    if not reason and error.code() == grpc.StatusCode.UNIMPLEMENTED:
        return Failed(f"what answers at {server} is not a service of this kind, or an older one")
    where = f" at {field}" if field else ""
    kind = BadInput if error.code() in _INPUT_CODES else Failed
    return kind(f"the service says {reason or error.code().name}{where}: {message}")


def details_of(error: grpc.RpcError) -> tuple[str, str, str]:
    """Reason, field and message of a failed call; reason and field are empty if the service did not give them."""
    message = error.details() or "no reason given"
    status = rpc_status.from_call(error)
    for detail in status.details if status is not None else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            field = info.metadata.get("field", "")
            return info.reason, field, message.removeprefix(f"{field}: ") if field else message
    return "", "", message
