"""`acd upgrade`: a journal of an earlier behaviour version, gone on with under this one."""

from dataclasses import asdict
from pathlib import Path

import click

from acd_service.behaviour_upgrade import prepare, upgrade_behaviour
from acd_service.cli.terminal import Failed, engine_option, example, json_option, print_json, results
from acd_service.config import BadConfig
from acd_service.data_dir import DataDirInUse
from acd_service.engine_interface import engine_maker
from acd_service.journal import JournalError


@click.command("upgrade", epilog=example("acd upgrade --prepare ./data   # with the old program", "acd upgrade ./data"))
@click.argument("data_dir", metavar="DATA", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--prepare", "only_prepare", is_flag=True, help="Only take a snapshot of each tenant's end.")
@engine_option
@json_option
def upgrade_command(data_dir: Path, only_prepare: bool, engine: str | None, as_json: bool) -> None:
    """Go on with the journal in DATA under this program's behaviour version.

    An engine that behaves otherwise cannot replay what an earlier one did. So the journal has to end with a snapshot of
    each tenant, which the program that wrote it takes: stop the service, `acd upgrade --prepare` with the old program,
    then `acd upgrade` with the new one. What is before stays, and can be read; only the old program can replay it.
    Make a backup first. A journal of this version is left as it is.
    """
    try:
        if only_prepare:
            seqs = prepare(data_dir, engine or "compiled")
            if as_json:
                print_json({"snapshots": seqs})
            else:
                for tenant, seq in seqs.items():
                    results().print(f"tenant {tenant}: snapshot of seq {seq:,}", markup=False)
            return
        upgraded = upgrade_behaviour(data_dir, engine_maker(engine or "compiled"))
    except (JournalError, DataDirInUse, BadConfig, OSError) as error:
        raise Failed(str(error)) from None
    if as_json:
        print_json(asdict(upgraded))
    elif upgraded.from_version == upgraded.to_version:
        results().print(f"{data_dir} is of behaviour version {upgraded.to_version} already", soft_wrap=True)
    else:
        text = f"{data_dir} goes on under behaviour version {upgraded.to_version}; it was of {upgraded.from_version}"
        results().print(text, soft_wrap=True)
