"""Coverage-guided fuzzing of one reader, with atheris: `python -m fuzz.guided requirement -max_total_time=600`, with
`tests` on the path. What it finds worth keeping goes below `seeds/`, what it trips over is told with its bytes.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["acd_core", "acd_service"]):
    from fuzz.targets import TARGETS

_SEEDS = Path(__file__).with_name("seeds")


def main() -> None:
    target = TARGETS[sys.argv[1]]

    def one(data: bytes) -> None:
        target(data)

    atheris.Setup([sys.argv[0], *sys.argv[2:], str(_SEEDS / sys.argv[1])], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
