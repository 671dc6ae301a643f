"""Looks the pinned dependencies up among known weaknesses, where the data can be reached.

Exit status 1 if a pinned version has a known weakness. Where the data cannot be reached (a machine without a way out)
it says so, and the record in docs/dependencies.md stands.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "build" / "audit"
LOCK = ROOT / "requirements.lock"


def main() -> int:
    """Audit, and print what came of it."""
    python = HOME / "bin" / "python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
    pip = [python, "-m", "pip", "--quiet", "--timeout", "15", "--retries", "1", "install", "--upgrade", "pip-audit"]
    if subprocess.run(pip, check=False).returncode:
        print("audit: pip-audit cannot be had here; docs/dependencies.md has what is pinned")
        return 0
    audit = [python, "-m", "pip_audit", "--requirement", LOCK, "--require-hashes", "--disable-pip",
             "--format", "json", "--progress-spinner", "off"]  # fmt: skip
    ran = subprocess.run(audit, capture_output=True, text=True, check=False)
    try:
        found = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(
            f"audit: the data cannot be reached from here; docs/dependencies.md has what is pinned\n{ran.stderr[-500:]}"
        )
        return 0
    skipped = [entry["name"] for entry in found if "skip_reason" in entry]
    weak = [(entry, vuln) for entry in found for vuln in entry.get("vulns", [])]
    for entry, vuln in weak:
        fixed = ", ".join(vuln["fix_versions"]) or "no version yet"
        print(f"audit: {entry['name']} {entry['version']}: {vuln['id']}, corrected in {fixed}")
    print(f"audit: {len(found) - len(skipped)} of {len(found)} looked up, {len(weak)} known weaknesses")
    if skipped:
        print("audit: the others cannot be looked up from here; docs/dependencies.md has what is pinned")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
