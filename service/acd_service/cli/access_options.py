"""The options of `acd serve` that say who may come in, and how."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from acd_service.config import Config
from acd_service.identity.exposure import is_loopback, what_is_missing

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class AccessOptions:
    """What was given on the command line; None for what was not."""

    api_keys: Path | None
    access_rules: Path | None
    tls_cert: Path | None
    tls_key: Path | None
    tls_client_ca: Path | None
    insecure_listen: bool

    def applied_to(self, config: Config) -> Config:
        """The settings, with what was given here in place of what a file says."""
        config = config.with_room(
            "tls", certificate=_text(self.tls_cert), key=_text(self.tls_key), client_ca=_text(self.tls_client_ca)
        )
        return config.with_room(
            "access",
            api_keys=_text(self.api_keys),
            rules=_text(self.access_rules),
            insecure_listen=True if self.insecure_listen else None,
        )


def access_options(command: F) -> F:
    """Adds the options; the command gets them as one `AccessOptions`, named `access`."""

    @functools.wraps(command)
    def with_access(*args: Any, **given: Any) -> Any:
        mine = {name: given.pop(name) for name in AccessOptions.__dataclass_fields__}
        return command(*args, access=AccessOptions(**mine), **given)

    made: Any = with_access
    for option in reversed(_OPTIONS):
        made = option(made)
    return made  # type: ignore[no-any-return]


def openness(config: Config) -> str:
    """Who can come in, in a few words."""
    missing = what_is_missing(config)
    if not config.access.is_set and is_loopback(config.listen):
        return "this machine only: no credentials are configured"
    return f"WITHOUT {missing}" if missing else "with TLS, for those with credentials"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_OPTIONS: Final = (
    click.option("--api-keys", type=_FILE, metavar="F", help="Take the API keys in this file (`acd keys create`)."),
    click.option("--access-rules", type=_FILE, metavar="F", help="Take tokens and clients' certificates by this file."),
    click.option("--tls-cert", type=_FILE, metavar="F", help="Use TLS with this certificate (PEM)."),
    click.option("--tls-key", type=_FILE, metavar="F", help="Its private key (PEM)."),
    click.option("--tls-client-ca", type=_FILE, metavar="F", help="Only clients with a certificate of these (PEM)."),
    click.option(
        "--insecure-listen", is_flag=True, help="Listen beyond this machine even without TLS or credentials."
    ),
)  # fmt: skip
