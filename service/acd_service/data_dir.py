"""The data directory: what lies where in it, and the lock that keeps a second service out."""

import fcntl
import os
from pathlib import Path
from typing import Self

from acd_service.config import BadConfig
from acd_service.tenant_settings import TENANT_DEFAULT


class DataDirInUse(RuntimeError):
    """Another service works on this directory."""


def journal_path(data_dir: Path) -> Path:
    return data_dir / "journal.sqlite"


def high_water_path(data_dir: Path) -> Path:
    return data_dir / "journal.mark"


def snapshots_path(data_dir: Path) -> Path:
    return data_dir / "snapshots"


def tenants_path(data_dir: Path) -> Path:
    return data_dir / "tenants"


def tenant_dir(data_dir: Path, tenant: str) -> Path:
    """Where a tenant's own files are: those of the tenant `default` lie in the data directory itself."""
    return data_dir if tenant == TENANT_DEFAULT else tenants_path(data_dir) / tenant


def figures_path(data_dir: Path, tenant: str = TENANT_DEFAULT) -> Path:
    return tenant_dir(data_dir, tenant) / "figures.sqlite"


def customers_path(data_dir: Path, tenant: str = TENANT_DEFAULT) -> Path:
    return tenant_dir(data_dir, tenant) / "customers.sqlite"


def set_aside_path(data_dir: Path, tenant: str = TENANT_DEFAULT) -> Path:
    return tenant_dir(data_dir, tenant) / "set_aside.jsonl"


def key_use_path(data_dir: Path) -> Path:
    return data_dir / "key_use.json"


class DataDirLock:
    """Held while the service runs; the system lets go of it when the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, data_dir: Path) -> Self:
        """Make the directory if need be and lock it.

        Raises:
            DataDirInUse: another process holds it; the message names that process.
            BadConfig: it cannot be made or written.
        """
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds customers' data
            descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BadConfig(f"data_dir: {error}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise DataDirInUse(f"{data_dir} is in use by another service (process {holder})") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return cls(descriptor)

    def release(self) -> None:
        os.close(self._descriptor)
