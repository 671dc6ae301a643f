"""The machine that figures were taken on, in one line: without it a figure means nothing."""

import os
import platform
import shlex
import subprocess
from pathlib import Path

from bench.floor import compiler


def machine() -> dict[str, object]:
    """Processor, cores, load averages of 1, 5 and 15 minutes, Python, compiler."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "load": [round(load, 2) for load in os.getloadavg()],
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": platform.python_version(),
        "compiler": _compiler(),
    }


def machine_line(figures: dict[str, object]) -> str:
    """The same as text."""
    load = figures["load"]
    loads = " ".join(f"{each:.2f}" for each in load) if isinstance(load, list) else ""
    return (
        f"{figures['cpu']}, {figures['cores']} cores, load {loads}, Python {figures['python']}, {figures['compiler']}"
    )


def _cpu() -> str:
    """Family, model and stepping beside the name, since names of virtual processors say little."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    numbers = "/".join(found.get(name, "?") for name in ("cpu family", "model", "stepping"))
    return f"{' '.join(found.get('model name', platform.machine()).split())} ({numbers})"


def _compiler() -> str:
    try:
        done = subprocess.run([*shlex.split(compiler()), "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "no compiler"
    return done.stdout.splitlines()[0]
