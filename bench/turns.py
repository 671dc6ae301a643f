"""Processes with one workload each, asked for turns by turns, so that what is compared is measured side by side."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
Turn = dict[str, float]


def _python(module: str, *args: object) -> list[str]:
    return [sys.executable, "-P", "-m", module, *map(str, args)]


def _environment() -> dict[str, str]:
    """With the modules that this process has, also when they are of another build than those beside the sources."""
    paths = [path for path in sys.path if Path(path).resolve() != ROOT]
    return os.environ | {"PYTHONPATH": os.pathsep.join([*paths, str(ROOT)])}


def fresh(module: str, *args: str) -> Any:
    """What a module of the benches prints as JSON when it runs in a process of its own.

    Raises:
        subprocess.CalledProcessError: it failed; what it said went to standard error.
    """
    done = subprocess.run(_python(module, *args), cwd=ROOT, env=_environment(), check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


class Runner:
    """One workload, built and waiting for its turns."""

    def __init__(self, name: str, commands: int, rounds: int) -> None:
        self.name = name
        self.commands = commands
        self.turns: list[Turn] = []
        self._rounds = rounds
        self._process = subprocess.Popen(
            _python("bench.timed", name, commands, rounds, "--digest"),
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def wait(self) -> None:
        """Until it is built."""
        self._answer()

    def turn(self) -> None:
        """One turn of each side."""
        assert self._process.stdin is not None
        self._process.stdin.write("turn\n")
        self._process.stdin.flush()
        self.turns.append(self._answer())

    def end(self) -> dict[str, str]:
        """After the last turn: the hash of events and the digest of the state."""
        found: dict[str, str] = self._answer()
        self._process.wait()
        return found

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process for {self.name} ended with {self._process.wait()}, see above")
        return json.loads(line)

    def figures(self) -> dict[str, Any]:
        """Medians over the turns, and the half of the turns in the middle as `spread`."""
        engine, floor, batch = (self._of(key) for key in ("engine_ns", "floor_ns", "batch_ns"))
        ratios = [a / b for a, b in zip(engine, floor, strict=True)]
        batch_ratios = [a / b for a, b in zip(batch, floor, strict=True)]
        return {
            "commands": self.commands,
            "commands_per_s": round(1e9 / median(engine)),
            "command_ns": round(median(engine), 1),
            "floor_ns": round(median(floor), 1),
            "floor_ratio": round(median(ratios), 2),
            "floor_ratio_spread": spread(ratios),
            "batch_commands_per_s": round(1e9 / median(batch)),
            "batch_floor_ratio": round(median(batch_ratios), 2),
            "batch_floor_ratio_spread": spread(batch_ratios),
        }

    def _of(self, key: str) -> list[float]:
        return [turn[key] for turn in self.turns]


def spread(values: Sequence[float]) -> list[float]:
    """The quartiles around the median."""
    if len(values) < 2:
        return [round(value, 2) for value in values] * 2
    low, _, high = quantiles(values, n=4, method="inclusive")
    return [round(low, 2), round(high, 2)]


def over(above: Runner | None, below: Runner | None) -> float | None:
    """The median of the ratios, turn by turn, of what a command costs in the one and in the other."""
    if above is None or below is None:
        return None
    pairs = zip(above.turns, below.turns, strict=True)
    return round(median(a["engine_ns"] / b["engine_ns"] for a, b in pairs), 2)
