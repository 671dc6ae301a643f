"""The committed code is what the .proto files give with the pinned generator."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import grpc_tools
import pytest

ROOT = Path(__file__).parents[2]
PINNED = "1.85.1"


def generated(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*_pb2*.py*")}


def test_generated_code_is_fresh(tmp_path: Path) -> None:
    if version("grpcio-tools") != PINNED:
        pytest.skip(f"needs grpcio-tools {PINNED}, {grpc_tools.__name__} is {version('grpcio-tools')}")
    subprocess.run([sys.executable, ROOT / "proto" / "generate.py", tmp_path], check=True)
    fresh, committed = generated(tmp_path / "acd" / "v1"), generated(ROOT / "proto" / "acd" / "v1")
    assert fresh
    assert sorted(fresh) == sorted(committed), "run `make protos`; remove the code of files that are gone"
    stale = [name for name in fresh if fresh[name] != committed[name]]
    assert stale == [], "run `make protos`"


def test_every_source_has_its_code() -> None:
    folder = ROOT / "proto" / "acd" / "v1"
    for source in folder.glob("*.proto"):
        assert (folder / f"{source.stem}_pb2.py").exists()
        assert (folder / f"{source.stem}_pb2.pyi").exists()
        assert (folder / f"{source.stem}_pb2_grpc.py").exists() == source.stem.endswith("_service")
