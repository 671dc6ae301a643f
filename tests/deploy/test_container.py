"""The Dockerfile, as far as it can be checked without a container runtime."""

import json
import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from click.testing import CliRunner

from acd_service.cli import acd
from acd_service.metrics.endpoint import READY_PATH

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "service/deploy/Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its arguments on one line."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], " ".join(line.split()[1:])) for line in text.splitlines() if line.strip()]


def last(name: str) -> str:
    return [arguments for instruction, arguments in instructions() if instruction == name][-1]


def copied_from_here() -> list[str]:
    copies = [shlex.split(arguments) for name, arguments in instructions() if name == "COPY"]
    return [source for words in copies if not words[0].startswith("--from") for source in words[:-1]]


def test_what_it_copies_is_there_and_reaches_the_build() -> None:
    rules = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    for source in copied_from_here():
        path = source.removeprefix("./")
        assert (ROOT / path).exists(), source
        assert f"!{path}" in rules, f"the build does not see {path}"


def test_what_the_build_needs_is_copied() -> None:
    sources = {source.removeprefix("./") for source in copied_from_here()}
    project = (ROOT / "pyproject.toml").read_text()
    needed = {"pyproject.toml", "setup.py"} | set(re.findall(r'^(?:readme|license-files) = \[?"(.*?)"', project, re.M))
    assert needed <= sources
    folders = re.search(r"\[tool.setuptools.package-dir\]\n(.*?)\n\n", project, re.DOTALL)
    assert folders is not None
    for folder in re.findall(r'= "(.*?)"', folders[1]):
        assert folder.split("/")[0] in sources
    assert 'ARG EXTRAS=""' in DOCKERFILE.read_text()
    extras = re.findall(r"--build-arg EXTRAS=(\w+)", DOCKERFILE.read_text())
    assert extras
    for extra in extras:
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE), f"there is no extra {extra}"


def test_what_it_stands_on_is_pinned() -> None:
    installs = [arguments for name, arguments in instructions() if name == "RUN" and "pip install" in arguments]
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert len(installs) == 2  # the second finds everything there, but for an extra


def test_it_runs_as_nobody_in_particular_and_without_a_compiler() -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", last("USER"))
    stages = [arguments for name, arguments in instructions() if name == "FROM"]
    assert len(stages) == 2
    last_stage = instructions()[[name for name, _ in instructions()].index("FROM", 1) :]
    assert not any("apt-get" in arguments or "pip" in arguments for _, arguments in last_stage)
    assert re.search(r">=(3\.\d+)", (ROOT / "pyproject.toml").read_text())[1] <= "3.12"  # type: ignore[index]
    assert all(re.match(r"python:3\.12-slim", stage) for stage in stages)


def test_its_command_is_one_that_acd_takes() -> None:
    words = json.loads(last("ENTRYPOINT")) + json.loads(last("CMD"))
    assert words[:2] == ["acd", "serve"]
    shown = CliRunner().invoke(acd, ["serve", "--help"]).output
    for word in words[2:]:
        if word.startswith("--"):
            assert word in shown
    assert words[words.index("--data") + 1] == last("VOLUME")


def test_its_health_check_asks_where_the_service_answers() -> None:
    words = json.loads(last("CMD"))
    port = words[words.index("--metrics") + 1].rpartition(":")[2]
    assert port in last("EXPOSE").split()
    assert f"http://127.0.0.1:{port}{READY_PATH}" in last("HEALTHCHECK")


def test_time_zones_come_with_the_project() -> None:
    # Slim images have none of their own.
    code = "import zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin')"
    ran = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONTZPATH": ""}, check=False)
    assert ran.returncode == 0
    assert '"tzdata>=' in (ROOT / "pyproject.toml").read_text()


def test_nothing_compiled_here_reaches_the_build() -> None:
    rules = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    for name in ("acd_core/engine.so", "acd_core/engine.cpp", "service/acd_service/__pycache__"):
        assert any(fnmatch(name, rule) for rule in rules if rule.startswith("**/")), name
