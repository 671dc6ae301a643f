"""From the command line to a running service: where it is, who asks, a channel, and refusals in one sentence."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from acd_service.cli.terminal import BadInput, Failed
from acd_service.config import BadConfig
from acd_service.identity.exposure import is_loopback

SERVER_DEFAULT: Final = "127.0.0.1:7007"
DEADLINE_S: Final = 30.0
"""For one call; a large policy or batch of agents takes well under a second."""
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Service:
    """A service to talk to, and how.

    Attributes:
        address: host:port or unix:PATH.
        tls: what gRPC secures the connection with; None for no TLS.
        credential: a token or an API key; empty for none.
    """

    address: str
    tls: grpc.ChannelCredentials | None = None
    credential: str = ""

    def __str__(self) -> str:
        return self.address


_OPTIONS: Final = (
    click.option(
        "--server",
        default=SERVER_DEFAULT,
        show_default=True,
        envvar="ACD_SERVER",
        metavar="ADDR",
        help="The service to talk to, host:port; or set ACD_SERVER.",
    ),
    click.option("--tls", is_flag=True, envvar="ACD_TLS", help="Use TLS, with authorities that this machine trusts."),
    click.option(
        "--tls-ca",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="ACD_TLS_CA",
        metavar="F",
        help="Use TLS; the service's certificate is of this authority (PEM).",
    ),
    click.option(
        "--tls-cert",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="ACD_TLS_CERT",
        metavar="F",
        help="Your certificate (PEM), with --tls-key.",
    ),
    click.option(
        "--tls-key",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="ACD_TLS_KEY",
        metavar="F",
        help="Its private key (PEM).",
    ),
    click.option(
        "--token", envvar="ACD_TOKEN", metavar="T", help="Your token. Others here can see it: rather use a file."
    ),
    click.option(
        "--token-file",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="ACD_TOKEN_FILE",
        metavar="F",
        help="A file with your token.",
    ),
    click.option(
        "--api-key-file",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="ACD_API_KEY_FILE",
        metavar="F",
        help="A file with your API key, as `acd keys create` printed it.",
    ),
)  # fmt: skip
_MINE: Final = ("server", "tls", "tls_ca", "tls_cert", "tls_key", "token", "token_file", "api_key_file")


def server_option(command: F) -> F:
    """The options that say which service, and who asks; the command gets them as one `Service`, named `server`."""

    @functools.wraps(command)
    def with_service(*args: Any, **given: Any) -> Any:
        mine = {name: given.pop(name) for name in _MINE}
        return command(*args, server=_service(**mine), **given)

    made: Any = with_service
    for option in reversed(_OPTIONS):
        made = option(made)
    return made  # type: ignore[no-any-return]


def _service(
    server: str,
    tls: bool,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    token: str | None,
    token_file: Path | None,
    api_key_file: Path | None,
) -> Service:
    if (tls_cert is None) != (tls_key is None):
        raise BadInput("--tls-cert and --tls-key go together")
    credentials = [given for given in (token, token_file, api_key_file) if given]
    if len(credentials) > 1:
        raise BadInput("only one of --token, --token-file and --api-key-file can say who you are")
    secured = None
    if tls or tls_ca is not None or tls_cert is not None:
        ca, key, cert = (None if path is None else _content(path) for path in (tls_ca, tls_key, tls_cert))
        secured = grpc.ssl_channel_credentials(ca, key, cert)
    credential = token or ""
    for path in (token_file, api_key_file):
        if path is not None:
            credential = _content(path).decode("ascii", "replace").strip()
    if not credential.isascii() or not credential.isprintable() or " " in credential:
        raise BadInput("a token or an API key is one word of ASCII characters")
    if credential and secured is None and not _is_this_machine(server):
        raise BadInput(
            f"without TLS (--tls, --tls-ca) whoever listens on the way to {server} would get your credential"
        )
    return Service(server, secured, credential)


def _is_this_machine(server: str) -> bool:
    try:
        return is_loopback(server)
    except BadConfig:
        return False


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(2**20)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from None


@contextmanager
def connect(server: Service) -> Iterator[grpc.Channel]:
    """A channel to the service.

    Raises:
        Failed: a call within failed; the message is one sentence for a person.
    """
    bare = (
        grpc.insecure_channel(server.address) if server.tls is None else grpc.secure_channel(server.address, server.tls)
    )
    with bare:
        try:
            yield grpc.intercept_channel(bare, _Introduced(server.credential)) if server.credential else bare
        except grpc.RpcError as error:
            raise explain(error, server) from None


class _Introduced(
    grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor
):  # type: ignore[misc,unused-ignore]
    """Shows a credential with each call."""

    def __init__(self, credential: str) -> None:
        self._entry = ("authorization", f"Bearer {credential}")

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return continuation(self._with_credential(client_call_details), request)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return continuation(self._with_credential(client_call_details), request)

    def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return continuation(self._with_credential(client_call_details), request_iterator)

    def _with_credential(self, details: Any) -> Any:
        return details._replace(metadata=(*(details.metadata or ()), self._entry))


_INPUT_CODES: Final = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.OUT_OF_RANGE,
)


def explain(error: grpc.RpcError, server: Service) -> Failed:
    """What a failed call means, with reason and field where the service gave them.

    A service that refuses what it was given is bad input (exit status 2), anything else a failure (1).
    """
    reason, field, message = details_of(error)
    if not reason and error.code() == grpc.StatusCode.UNAVAILABLE:
        if server.tls is not None:
            return Failed(f"no service answers at {server} with TLS: {message}")
        return Failed(f"no service answers at {server}; is `acd serve` running?")
    if not reason and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        return Failed(f"the service at {server} did not answer in time")
    if not reason and error.code() == grpc.StatusCode.UNIMPLEMENTED:
        return Failed(f"what answers at {server} is not a service of this kind, or an older one")
    if error.code() == grpc.StatusCode.UNAUTHENTICATED and not server.credential:
        message += " (--api-key-file, --token-file or --tls-cert say who you are)"
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
