"""A real service whose time stands still, so that what changes is what callers change."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_FOLDER = str(Path(__file__).parents[1])
if _FOLDER not in sys.path:
    sys.path.insert(0, _FOLDER)
_SERVICE = Path(__file__).parents[1] / "service" / "conftest.py"


@pytest.fixture(scope="session")
def processes() -> Any:
    """The module that runs service processes."""
    spec = importlib.util.spec_from_file_location("service_processes", _SERVICE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def service(processes: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("fuzz")
    running = processes.ServiceProcess(folder / "data", folder, "--clock", "external")
    running.start()
    yield running
    running.close()
