"""`acd keys`: API keys in a file that a running service follows."""

import re
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table

from acd_core.refusal import Refused
from acd_service.cli.terminal import BadInput, Failed, example, json_option, notes, print_json, results
from acd_service.clock import unix_s
from acd_service.data_dir import key_use_path
from acd_service.identity.api_keys import ApiKey, BadKeyFile, KeyFile, UnknownKey
from acd_service.identity.identity import Identity, Role, roles_of
from acd_service.identity.key_use import read_key_use
from acd_service.tenant_settings import TENANT_DEFAULT, BadTenant, check_name

FILE_DEFAULT: Final = "keys.json"
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

file_option = click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=FILE_DEFAULT,
    show_default=True,
    envvar="ACD_KEYS",
    help="The file of keys, as given to `acd serve --api-keys`; or set ACD_KEYS.",
)


class _Span(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A time as people write it: 90d, 12h, 30m."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([1-9][0-9]{0,6})([smhd])", value)
        if found is None:
            self.fail(f"{value!r} is no time such as 90d, 12h or 30m", param, ctx)
        return int(found[1]) * _UNIT_S[found[2]]


@click.group("keys")
def keys_group() -> None:
    """Make, list and revoke API keys.

    The file holds no key, only what checks one. A running service follows it: within a second a new key is good, and a
    revoked one ends, with its streams.
    """


@keys_group.command(
    "create",
    epilog=example(
        "acd keys create pbx-1 --role router > pbx-1.key",
        "acd keys create ann --role agent --agent ann --expires 90d",
        "acd status --api-key-file pbx-1.key",
    ),
)
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    required=True,
    help="Repeatable.",
)
@click.option("--tenant", default=TENANT_DEFAULT, show_default=True, help="Whose contacts and agents it is for.")
@click.option("--agent", "agent_id", default="", help="The only agent that the role `agent` may act for.")
@click.option("--expires", "expires_s", type=_Span(), help="After how long it ends: 90d, 12h.  [default: never]")
@file_option
@json_option
def create_command(
    name: str, roles: tuple[str, ...], tenant: str, agent_id: str, expires_s: int | None, path: Path, as_json: bool
) -> None:
    """Make a key for NAME, which is recorded with everything that is asked with it, and print it this once."""
    now_s = int(unix_s())
    try:
        ends_s = inf if expires_s is None else float(now_s + expires_s)
        identity = Identity(name, check_name(tenant), roles_of(roles), agent_id, ends_s)
        kept, key = KeyFile(path).create(identity, now_s)
    except BadTenant as error:
        raise BadInput(f"--tenant: {error.message}") from None
    except Refused as refused:
        raise BadInput(f"{refused.field}: {refused.message}") from None
    except (BadKeyFile, OSError) as error:
        raise Failed(str(error)) from None
    if as_json:
        print_json({"key": key, **_shown(kept)})
        return
    click.echo(key)
    notes().print(f"acd: key {kept.key_id} for {name}: keep it, it is shown this once", soft_wrap=True)


@keys_group.command("list", epilog=example("acd keys list", "acd keys list --json"))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The service's directory, to show too when each key was used last, to the minute or so.",
)
@file_option
@json_option
def list_command(data: Path | None, path: Path, as_json: bool) -> None:
    """Show the keys that there are, and what became of those that were."""
    try:
        ring = KeyFile(path).read()
    except (BadKeyFile, OSError) as error:
        raise Failed(str(error)) from None
    used_at_s = {} if data is None else read_key_use(key_use_path(data))
    shown = [_shown(key) | {"used_at": _iso(used_at_s.get(key.key_id, 0))} for key in ring.keys.values()]
    if as_json:
        print_json({"keys": shown})
        return
    table = Table("key", "name", "tenant", "roles", "agent", "made", "until", "used", "state", box=None, pad_edge=False)
    for row in shown:
        table.add_row(
            row["key_id"], row["name"], row["tenant"], " ".join(row["roles"]), row["agent_id"],
            row["created_at"][:10], row["expires_at"][:10], row["used_at"][:16], row["state"],
        )  # fmt: skip
    results().print(table)


@keys_group.command("revoke", epilog=example("acd keys revoke 3f9c21d0a1b2c3d4"))
@click.argument("key_id")
@file_option
@json_option
def revoke_command(key_id: str, path: Path, as_json: bool) -> None:
    """End the key KEY_ID for good. Calls with it are refused, and its streams end, within a second."""
    try:
        kept = KeyFile(path).revoke(key_id, int(unix_s()))
    except UnknownKey:
        raise BadInput(f"{path} holds no key {key_id}; `acd keys list` shows them") from None
    except (BadKeyFile, OSError) as error:
        raise Failed(str(error)) from None
    if as_json:
        print_json(_shown(kept))
    else:
        results().print(f"key {kept.key_id} of {kept.name} is revoked", soft_wrap=True)


def _shown(key: ApiKey) -> dict[str, Any]:
    """What may be told of a key: all but the hash."""
    state = "revoked" if key.revoked_at_s else "expired" if 0 < key.expires_at_s <= unix_s() else "good"
    return {
        "key_id": key.key_id,
        "name": key.name,
        "tenant": key.tenant,
        "roles": list(key.roles),
        "agent_id": key.agent_id,
        "created_at": _iso(key.created_at_s),
        "expires_at": _iso(key.expires_at_s),
        "revoked_at": _iso(key.revoked_at_s),
        "state": state,
    }


def _iso(moment_s: int) -> str:
    return datetime.fromtimestamp(moment_s, UTC).isoformat() if moment_s else ""
