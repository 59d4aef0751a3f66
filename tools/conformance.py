"""Compares the server with the recordings beside the checkout: `make conformance`. Where there are none, it says so.

Runs what tests/conformance.txt lists (a group or a group/scenario per line), once on the store that the recordings
configure and once on DynamoDB Local. Further arguments go to the comparing program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.store.dynamodb_local import running_dynamodb_local
from tests.store.fetch_dynamodb_local import Missing
from tools import policies

ROOT = Path(__file__).resolve().parent.parent
RECORDINGS = ROOT.parent / "shared" / "conformance"
LIST = ROOT / "tests" / "conformance.txt"
BIN = ROOT / ".venv" / "bin"
OWN = ROOT / ".venv-conformance"
SERVE = "serve -c {config} --public-port {public_port} --admin-port {admin_port} --dev"


def main(further: list[str]) -> int:
    if not RECORDINGS.is_dir():
        print("There are no recordings in ../shared/conformance: the conformance list was not run.")
        return 0
    _install()
    print("Conformance, on the store that the recordings configure:", flush=True)
    status = _compare(f"{BIN}/vestibule {SERVE}", further)
    print("Conformance, on DynamoDB Local:", flush=True)
    try:
        with running_dynamodb_local() as endpoint:
            dsn = f"dynamodb://conform-{{group}}?endpoint={endpoint}&region=eu-central-1"
            return _recorded(["--dsn", dsn, *further]) or status
    except Missing as missing:
        print(f"not run: {missing}")
        return 1 if os.environ.get("CI") else status


def _install() -> None:
    """In an environment of its own: its packages are none of ours."""
    if not (OWN / "bin" / "python").exists():
        subprocess.run([BIN / "uv", "venv", "--quiet", "--python", BIN / "python", OWN], check=True)
    requirements = RECORDINGS / "requirements.txt"
    subprocess.run([BIN / "uv", "pip", "install", "--quiet", "--python", OWN, "-r", requirements], check=True)


def _recorded(further: list[str]) -> int:
    """Compare, and hold the functions' roles to the calls that they were seen to make on the way."""
    with tempfile.TemporaryDirectory() as folder:
        start = f"env RECORD={folder} PYTHONPATH={ROOT} {BIN}/python -m tools.recording_serve {SERVE}"
        status = _compare(start, further)
        lines = {line for file in Path(folder).iterdir() for line in file.read_text().splitlines()}
    wrong = policies.differences({tuple(line.split()) for line in lines})
    print(f"Roles: {len(lines)} kinds of calls seen, {len(wrong)} differences", *wrong, sep="\n  ")
    return status or bool(wrong)


def _compare(start: str, further: list[str]) -> int:
    """The listed recordings. What differs is compared once more, on new tables: some of them measure time."""
    lines = [line.partition("#")[0].strip() for line in LIST.read_text().splitlines()]
    wrong = _differing(start, [line for line in lines if line], further)
    if wrong:
        print("Once more:", *wrong, sep="\n  ", flush=True)
        wrong = _differing(start, wrong, [argument.replace("conform-", "again-") for argument in further])
    return bool(wrong)


def _differing(start: str, chosen: list[str], further: list[str]) -> list[str]:
    """Those of the chosen scenarios that are not answered as recorded."""
    command = [OWN / "bin" / "python", "-B", RECORDINGS / "conform", "run", "--workers", "2", "--start", start]
    only = [argument for name in chosen for argument in ("--only", name)]
    with tempfile.TemporaryDirectory() as folder:  # where the server keeps its state
        results = Path(folder, "results.json")
        subprocess.run([*command, *only, *further, "--json", results], cwd=folder, check=False)
        if not results.exists():
            return chosen
        scenarios = json.loads(results.read_text())["scenarios"]
    return [scenario["scenario"] for scenario in scenarios if not scenario["passed"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
