"""`make load`, or `python -m load.run`: a service of its own, a short mix of users, criteria, a report in HTML.

Exit status 0 if the run passed, 1 with the reasons if it did not, 2 if it could not be run.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from acd_service.demo.own_service import OwnService, ServiceDidNotStart
from acd_service.verify import verify
from load.verdict import reasons_to_fail

ROOT: Final = Path(__file__).resolve().parents[1]
LOCUSTFILE: Final = ROOT / "load" / "locustfile.py"
STOP_S: Final = 20
"""Users have so long to bring their calls to an end."""


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="load.run", description="a short load test against a service of its own")
    parser.add_argument("--users", type=int, default=90, help="how many (default %(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="for how long (default %(default)s)")
    parser.add_argument("--report", type=Path, default=ROOT / "build" / "load", help="folder of the report")
    parser.add_argument("--locustfile", type=Path, default=LOCUSTFILE, help="other users (for tests of the criteria)")
    parser.add_argument("--processes", type=int, default=1, help="Locust workers on this machine (default %(default)s)")
    parser.add_argument("--pace", type=float, default=1.0, help="how long talk and breaks take, times their usual")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args()
    try:
        summary, journal_problem, status = _run(options)
    except ServiceDidNotStart as error:
        sys.stderr.write(f"the service did not start: {error}\n")
        return 2
    if summary is None:
        sys.stderr.write(f"Locust could not be run: exit status {status}, see {options.report}/locust.log\n")
        return 2
    reasons = list(reasons_to_fail(summary, journal_problem))
    if status != 0 and not reasons:
        reasons.append(f"Locust ended with status {status}, see {options.report}/locust.log")
    result = {"passed": not reasons, "reasons": reasons, "load_average": os.getloadavg()[0], **summary}
    if options.json:
        print(json.dumps(result))
    else:
        _show(result, options.report)
    return 1 if reasons else 0


def _run(options: argparse.Namespace) -> tuple[dict[str, Any] | None, str, int]:
    """The summary (None: Locust did not get so far), what is wrong with the journal, and Locust's exit status."""
    report: Path = options.report
    report.mkdir(parents=True, exist_ok=True)
    summary_path = report / "summary.json"
    summary_path.unlink(missing_ok=True)
    with OwnService(seed=1, clock="wall") as service:
        command = [
            sys.executable, "-m", "locust", "--locustfile", str(options.locustfile), "--headless", "--only-summary",
            "--host", service.address, "--users", str(options.users), "--spawn-rate", str(max(options.users // 2, 1)),
            "--run-time", f"{options.seconds}s", "--stop-timeout", str(STOP_S), "--html", str(report / "report.html"),
            "--summary", str(summary_path), "--pace", str(options.pace),
        ]  # fmt: skip
        if options.processes > 1:
            command += ["--processes", str(options.processes)]
        if not options.json:
            print(f"{options.users} users for {options.seconds} s against {service.address} ...", flush=True)
        path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
        with (report / "locust.log").open("w") as log:
            locust = subprocess.run(  # noqa: S603 - our own program
                command, stdout=log, stderr=log, cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, check=False
            )
        checked = verify(service.data_dir / "data")
    summary = json.loads(summary_path.read_text()) if summary_path.exists() else None
    return summary, checked.problem, locust.returncode


def _show(result: dict[str, Any], report: Path) -> None:
    print(f"{'':34}{'calls':>9}{'failed':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>10}")
    for name, entry in result["by_name"].items():
        times = f"{entry['p50_ms']:>9.0f}{entry['p99_ms']:>9.0f}{entry['max_ms']:>10.1f}"
        print(f"{name:34}{entry['requests']:>9}{entry['failures']:>8}{times}")
    rate = result["requests"] / result["seconds"] if result["seconds"] else 0.0
    print(f"{result['requests']} calls, {rate:.0f} a second, {result['failures']} failed")
    print(f"report: {report / 'report.html'}")
    for reason in result["reasons"]:
        print(f"FAILED: {reason}", file=sys.stderr)
    print("failed" if result["reasons"] else "passed")


if __name__ == "__main__":
    sys.exit(main())
