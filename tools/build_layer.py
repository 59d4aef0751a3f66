"""Builds one layer for Lambda into a folder: `build_layer.py core|deps|deps-webauthn FOLDER`. Needs no Docker.

The wheels are those of the target, not of this machine: uv chooses them by platform and Python version.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from vestibule.config import frozen
from vestibule.config.embedding import embedded
from vestibule.config.findings import ConfigError
from vestibule.config.freezing import freeze
from vestibule.pages import render
from vestibule.ui.templates import compile_ahead
from vestibule.workers.templates import layout

ROOT = Path(__file__).resolve().parent.parent
CONFIG = Path(os.environ.get("CONFIG", "infra/config/kratos.yml"))
PYTHON = "3.13"
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
"""Lambda's architecture to uv's platform. python3.13 runs on Amazon Linux 2023, whose glibc is 2.34."""

LIMIT = 250 * 1024 * 1024
"""Bytes, unzipped: a function with all its layers."""

NOT_SHIPPED = ("cli", "local", "__pycache__")
"""Of the package: what only runs on a developer's machine."""

UNUSED = ("bin", "boto3/examples", "**/tests", "**/*.pyi", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.lock")
"""Of third-party packages. Their METADATA and licences stay."""


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("layer", choices=("core", "deps", "deps-webauthn"))
    options.add_argument("folder", type=Path)
    options.add_argument("--architecture", choices=PLATFORMS, default="arm64")
    chosen = options.parse_args()
    python = chosen.folder / ("webauthn" if chosen.layer == "deps-webauthn" else "python")
    python.mkdir(parents=True, exist_ok=True)
    match chosen.layer:
        case "core":
            core(python)
            try:
                configure(chosen.folder / "config")
            except ConfigError as error:
                print(error, file=sys.stderr)
                return 1
        case "deps":
            install(python, ROOT / "requirements" / "deps.txt", chosen.architecture)
            prune(python)
        case _:
            # Not in `python`, where every function with the layer would find it: see adapters/key_answers.py.
            install(python, ROOT / "requirements" / "deps-webauthn.txt", chosen.architecture, "--no-deps")
            leave_out_unused(python)
    precompile(chosen.folder)
    size = sum(file.stat().st_size for file in chosen.folder.rglob("*") if file.is_file())
    if size > LIMIT:
        print(f"layer {chosen.layer}: {size} bytes are more than the {LIMIT} that Lambda takes", file=sys.stderr)
        return 1
    return 0


def core(python: Path) -> None:
    package = ROOT / "layers" / "core" / "vestibule"
    shutil.copytree(package, python / "vestibule", ignore=shutil.ignore_patterns(*NOT_SHIPPED), dirs_exist_ok=True)
    for module in (render, layout):
        compile_ahead(module.environment(), python / module.TEMPLATES.relative_to(package.parent))
    # What `GET /version` answers: importlib.metadata finds it there.
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    described = python / f"vestibule-{version}.dist-info"
    described.mkdir(exist_ok=True)
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vestibule\nVersion: {version}\n")


def configure(folder: Path) -> None:
    """The configuration, and what the models make of it, so that functions start without them."""
    folder.mkdir(exist_ok=True)
    path = folder / "kratos.json"
    path.write_text(json.dumps(embedded(ROOT / CONFIG)))  # as JSON, which loads faster than YAML
    path.with_name(frozen.NAME).unlink(missing_ok=True)
    try:
        ready = freeze(path)
    except ConfigError as error:
        # The environment of the functions may complete it, so this is no failure: they read it when they start.
        print(f"{CONFIG} is not complete by itself, which costs each cold start 350 ms:\n{error}", file=sys.stderr)
        return
    if ready:
        path.with_name(frozen.NAME).write_text(ready)


def install(python: Path, requirements: Path, architecture: str, *options: str) -> None:
    subprocess.run(
        [
            *(ROOT / ".venv" / "bin" / "uv", "pip", "install", "--quiet", "--target", python),
            *("--python-platform", PLATFORMS[architecture], "--python-version", PYTHON, "--only-binary", ":all:"),
            *("--require-hashes", *options, "-r", requirements),
        ],
        check=True,
    )


def leave_out_unused(python: Path) -> None:
    for pattern in UNUSED:
        for found in sorted(python.glob(pattern)):
            shutil.rmtree(found) if found.is_dir() else found.unlink()


def prune(python: Path) -> None:
    leave_out_unused(python)
    services = set((ROOT / "layers" / "deps" / "services.txt").read_text().split())
    for folder in (python / "botocore" / "data").iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)


def precompile(folder: Path) -> None:
    """Compiled files that are never compared with their sources: the layer is read-only, and comparing costs time."""
    finding = [ROOT / "tools" / "find-python", "3.13"]
    found = subprocess.run(finding, check=True, capture_output=True, text=True).stdout.strip()
    python = os.environ.get("PYTHON313") or found
    if python:
        mode = ("--invalidation-mode", "unchecked-hash", "-q", "-j", "2", "-s", str(folder), "-p", "/opt")
        subprocess.run([python, "-m", "compileall", *mode, str(folder)], check=True)


if __name__ == "__main__":
    sys.exit(main())
