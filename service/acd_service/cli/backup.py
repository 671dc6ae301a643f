"""`acd backup` and `acd restore`: a data directory out of harm's way, and back."""

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from acd_service.backup import BackupFailed, TenantState, back_up
from acd_service.cli.progress import progress_bar
from acd_service.cli.terminal import BadInput, Failed, engine_option, example, json_option, print_json, results
from acd_service.journal import JournalError
from acd_service.restore import Moment, restore


@click.command("backup", epilog=example("acd backup ./data /backup/2026-11-22", "acd backup ./data /backup/now --json"))
@click.argument("data_dir", metavar="DATA", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("target", metavar="TO", type=click.Path(path_type=Path))
@engine_option
@json_option
def backup_command(data_dir: Path, target: Path, engine: str | None, as_json: bool) -> None:
    """Copy the data directory DATA to TO, as of one moment; a service may be running on it and goes on.

    TO must not be there, or be empty. It gets its name when it is whole and has proved that a service can start from
    it. In it are the journal with its policies and tenants' settings, snapshots, customers and figures, with a manifest
    of checksums. Settings, certificates and files of keys are where you keep them, and are not in it.
    """
    os.nice(10)
    try:
        with progress_bar("bytes", None) as progress:
            manifest = back_up(data_dir, target, engine=engine or "compiled", on_bytes=progress)
    except (BackupFailed, JournalError) as error:
        raise Failed(str(error)) from None
    if as_json:
        print_json({"backup": str(target), "bytes": manifest.size_bytes, "tenants": _as_dict(manifest.tenants)})
    else:
        results().print(f"{target}: {len(manifest.files)} files, {manifest.size_bytes:,} bytes", soft_wrap=True)
        _show(manifest.tenants)


@click.command(
    "restore",
    epilog=example(
        "acd restore /backup/2026-11-22 ./data",
        "acd restore /backup/2026-11-22 ./data --to-time 2026-11-22T09:30:00+01:00",
        "acd restore /backup/2026-11-22 ./acme --tenant acme --to-seq 48210",
    ),
)
@click.argument("backup", metavar="FROM", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("target", metavar="DATA", type=click.Path(path_type=Path))
@click.option("--to-seq", type=click.IntRange(min=0), help="As things stood after this command; needs one tenant.")
@click.option("--to-time", metavar="TIME", help="As things stood then: ISO 8601 with its offset from UTC.")
@click.option("--tenant", default="", metavar="NAME", help="Only this tenant.  [default: all]")
@engine_option
@json_option
def restore_command(
    backup: Path, target: Path, to_seq: int | None, to_time: str | None, tenant: str, engine: str | None, as_json: bool
) -> None:
    """Make DATA a data directory as the backup FROM has it, or as things stood at an earlier moment.

    DATA must not be there, or be empty. Every file is held against the backup's checksums, and the journal is replayed
    as at a start, before DATA gets its name. Customers are those of the backup, whatever the moment.
    """
    if to_seq is not None and to_time is not None:
        raise BadInput("--to-seq and --to-time cannot both be given")
    moment = Moment(to_seq, None if to_time is None else _at_ns(to_time))
    try:
        with progress_bar("bytes", None) as progress:
            states = restore(
                backup, target, moment=moment, tenant=tenant, engine=engine or "compiled", on_bytes=progress
            )
    except (BackupFailed, JournalError) as error:
        raise Failed(str(error)) from None
    if as_json:
        print_json({"data_dir": str(target), "tenants": _as_dict(states)})
    else:
        results().print(f"{target} is restored", soft_wrap=True)
        _show(states)


def _at_ns(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--to-time: {text!r} is no time such as 2026-11-22T09:30:00+01:00") from None
    if moment.tzinfo is None:
        raise BadInput(f"--to-time: {text!r} does not say its offset from UTC, such as Z or +01:00")
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * 10**9 + moment.microsecond * 1_000


def _as_dict(tenants: dict[str, TenantState]) -> dict[str, dict[str, object]]:
    return {name: asdict(state) for name, state in tenants.items()}


def _show(tenants: dict[str, TenantState]) -> None:
    for name, state in tenants.items():
        text = f"  {name}: commands to seq {state.last_seq:,}, events to {state.last_event_seq:,}, "
        results().print(text + f"digest {state.state_digest}", markup=False, soft_wrap=True)
