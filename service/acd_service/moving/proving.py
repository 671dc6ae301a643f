"""Takes the file of a tenant apart and proves it by a replay, in a process of its own.

    python -m acd_service.moving.proving FILE FOLDER [--engine compiled]

It makes FOLDER with the parts in it and prints the manifest as JSON. Ends with 1 if the file is damaged, with 2 if a
version wrote it that this one cannot read.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from acd_service.engine_interface import engine_maker
from acd_service.journal import JournalError, JournalForeign
from acd_service.journal_sqlite import SqliteJournal
from acd_service.moving.tenant_file import BadTenantFile, ForeignTenantFile, Manifest, unpack
from acd_service.recovery import recover
from acd_service.tenant_settings import BadTenant, Quotas, check_name

FOREIGN = 2


def prove_tenant(source: Path, folder: Path, engine: str) -> Manifest:
    """Take a file apart; what its journal replays to is what its manifest says.

    Raises:
        BadTenantFile, ForeignTenantFile: it cannot be taken in.
        OSError: it cannot be taken apart here.
    """
    manifest = unpack(source, folder)
    tenant = manifest.tenant
    try:
        check_name(tenant)
        Quotas.of(manifest.quotas)
        journal = SqliteJournal.open_to_read(folder)
        if journal.tenants() != [tenant] or journal.seed(tenant) != manifest.seed:
            raise BadTenantFile(f"its journal is not of the tenant {tenant!r} alone")
        recovered = recover(journal, tenant, engine_maker(engine))
    except BadTenant as error:
        raise BadTenantFile(str(error)) from None
    except JournalForeign as error:
        raise ForeignTenantFile(str(error)) from None
    except JournalError as error:
        raise BadTenantFile(str(error)) from None
    found = recovered.engine
    if (recovered.extent, found.event_seq, f"{found.event_hash:016x}", found.state_digest()) != (
        manifest.extent, manifest.event_seq, manifest.event_hash, manifest.state_digest,
    ):  # fmt: skip
        raise BadTenantFile("its journal comes to another state than its manifest says")
    return manifest


def main() -> int:
    parser = argparse.ArgumentParser(prog="acd_service.moving.proving", description="check the file of a tenant")
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="compiled", choices=("compiled", "reference"))
    options = parser.parse_args()
    os.nice(10)
    try:
        manifest = prove_tenant(options.file, options.folder, options.engine)
    except ForeignTenantFile as error:
        sys.stderr.write(f"{error}\n")
        return FOREIGN
    except (BadTenantFile, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(manifest.as_dict()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
