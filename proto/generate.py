"""Makes the generated code beside the .proto files anew: `python proto/generate.py [destination]`.

With a destination the code is written below that folder instead, as `acd/v1/...`.
"""

import sys
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
"""The folder that imports in .proto files start from."""


def generate(destination: Path) -> int:
    """Writes the code for every .proto file below `destination`; returns the exit status of protoc."""
    sources = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("acd/v1/*.proto"))
    well_known = files("grpc_tools") / "_proto"
    status_proto = Path(str(files("google.rpc") / "status.proto"))
    includes = [f"-I{ROOT}", f"-I{well_known}", f"-I{status_proto.parents[2]}"]
    messages = [f"--python_out={destination}", f"--pyi_out={destination}", *sources]
    services = [f"--grpc_python_out={destination}", *(name for name in sources if name.endswith("_service.proto"))]
    status = protoc.main(["protoc", *includes, *messages]) or protoc.main(["protoc", *includes, *services])
    return int(status)


if __name__ == "__main__":
    sys.exit(generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
