"""Compares the server with the recordings beside the checkout: `make conformance`. Where there are none, it says so.

Runs what tests/conformance.txt lists (a group or a group/scenario per line) on two stores at once: the one that the
recordings configure, and DynamoDB Local. Further arguments go to the comparing program.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
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

ALONE = {"session_extension": "sessions of five seconds may be extended in their last three"}
"""Groups whose answers depend on the second that they are asked in, and why: compared last, with nothing beside."""

WORKERS = 2
"""Groups at a time, on each store: on two cores, the waiting of some leaves room for others."""

PORT_BASE, PORTS = 24430, 500
"""Where the ports begin unless `--port-base` says otherwise, and how many a store is left."""


@dataclass(frozen=True)
class Store:
    name: str
    start: str
    """The command that starts the server."""

    port_base: int
    dsn: str = ""
    """For the comparing program, with `{tables}` and `{group}`. Empty: what the recordings configure."""


def main(arguments: list[str]) -> int:
    if not RECORDINGS.is_dir():
        print("There are no recordings in ../shared/conformance: the conformance list was not run.")
        return 0
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--port-base", type=int, default=PORT_BASE)
    options, further = own.parse_known_args(arguments)
    _install()
    plain = Store("sqlite", f"{BIN}/vestibule {SERVE}", options.port_base)
    try:
        with _on_dynamodb_local(options.port_base + PORTS) as (recorded, calls):
            status = _compare([plain, recorded], further)
            return _roles(calls) or status
    except Missing as missing:
        print(f"Not compared on DynamoDB Local: {missing}", flush=True)
        return _compare([plain], further) or bool(os.environ.get("CI"))


def _install() -> None:
    """In an environment of its own: its packages are none of ours."""
    if not (OWN / "bin" / "python").exists():
        subprocess.run([BIN / "uv", "venv", "--quiet", "--python", BIN / "python", OWN], check=True)
    requirements = RECORDINGS / "requirements.txt"
    subprocess.run([BIN / "uv", "pip", "install", "--quiet", "--python", OWN, "-r", requirements], check=True)


@contextmanager
def _on_dynamodb_local(port_base: int) -> Iterator[tuple[Store, Path]]:
    """A server that writes down the functions' calls into the folder. Raises Missing."""
    with running_dynamodb_local(shared=False) as endpoint, tempfile.TemporaryDirectory() as folder:
        start = f"env RECORD={folder} PYTHONPATH={ROOT} {BIN}/python -m tools.recording_serve {SERVE}"
        dsn = f"dynamodb://{{tables}}-{{group}}?endpoint={endpoint}&region=eu-central-1"
        yield Store("dynamodb", start, port_base, dsn), Path(folder)


def _roles(calls: Path) -> int:
    """Hold the functions' roles to the calls that they were seen to make on the way."""
    lines = {line for file in calls.iterdir() for line in file.read_text().splitlines()}
    wrong = policies.differences({tuple(line.split()) for line in lines})
    print(f"Roles: {len(lines)} kinds of calls seen, {len(wrong)} differences", *wrong, sep="\n  ")
    return bool(wrong)


def _compare(stores: list[Store], further: list[str]) -> int:
    """The listed recordings. What differs is compared once more, by itself and on new tables: some measure time."""
    lines = [line.partition("#")[0].strip() for line in LIST.read_text().splitlines()]
    listed = [line for line in lines if line]
    alone = [name for name in listed if name.partition("/")[0] in ALONE]
    beside = [name for name in listed if name not in alone]
    with ThreadPoolExecutor(len(stores)) as pool:
        found = pool.map(lambda store: _differing(store, beside, WORKERS, further), stores)
    wrong = dict(zip((store.name for store in stores), found, strict=True))
    status = 0
    for store in stores:
        again = wrong[store.name] + _differing(store, alone, 1, further)
        if again:
            print(f"Once more on {store.name}:", *again, sep="\n  ", flush=True)
            status |= bool(_differing(store, again, 1, further, tables="again"))
    return status


def _differing(
    store: Store, chosen: list[str], workers: int, further: list[str], *, tables: str = "conform"
) -> list[str]:
    """Those of the chosen scenarios that are not answered as recorded."""
    if not chosen:
        return []
    command = [OWN / "bin" / "python", "-B", RECORDINGS / "conform", "run", "--port-base", str(store.port_base)]
    only = [argument for name in chosen for argument in ("--only", name)]
    dsn = ["--dsn", store.dsn.replace("{tables}", tables)] if store.dsn else []
    with tempfile.TemporaryDirectory() as folder:  # where the server keeps its state
        results, authorities = Path(folder, "results.json"), Path(folder, "no-authorities")
        authorities.mkdir()
        start = f"env --unset=SSL_CERT_FILE --unset=SSL_CERT_DIR {store.start}"
        program = subprocess.Popen(
            [*command, "--workers", str(workers), *only, *dsn, *further, "--start", start, "--json", results],
            cwd=folder,
            # Nothing here speaks TLS, and reading all the world's authorities for each client took most of the time.
            env=os.environ | {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(authorities)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert program.stdout  # noqa: S101 # asked for above
        for line in program.stdout:
            print(f"{store.name}: {line}", end="", flush=True)
        program.wait()
        if not results.exists():
            return chosen
        scenarios = json.loads(results.read_text())["scenarios"]
    return [scenario["scenario"] for scenario in scenarios if not scenario["passed"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
