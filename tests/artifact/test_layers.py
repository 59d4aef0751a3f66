"""What the built layers hold."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path

import pytest
from tests.artifact.lambda_runtime import ARCHITECTURE, environment_of
from tests.keys import ORIGIN, Authenticator, encoded

from vestibule.config.model import Config

LIMIT = 250 * 1024 * 1024
MACHINE = {"x86_64": 62, "arm64": 183}
"""ELF's numbers of the two architectures."""


@pytest.fixture(scope="module")
def core(artifacts) -> Path:
    return artifacts / "CoreLayer"


@pytest.fixture(scope="module")
def deps(artifacts) -> Path:
    return artifacts / "DepsLayer" / "python"


def test_a_function_with_its_layers_is_smaller_than_lambda_takes(artifacts):
    files = [file for file in artifacts.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < LIMIT / 2


def test_what_only_developers_run_is_left_out(core):
    package = core / "python" / "vestibule"
    assert (package / "edge" / "endpoint.py").exists()
    assert not (package / "cli").exists()
    assert not (package / "local").exists()


@pytest.mark.parametrize("folder", ["pages/templates", "workers/templates"])
def test_templates_are_compiled_ahead(core, folder):
    templates = core / "python" / "vestibule" / folder
    assert len(list(templates.glob("compiled/tmpl_*.py"))) == len(list(templates.glob("*.html")))


def test_the_configuration_names_no_file_outside_the_layer(core):
    text = (core / "config" / "kratos.json").read_text()
    assert "file://" not in text
    assert Config.model_validate(json.loads(text)).identity.schema_ids() == ("person",)


def test_libraries_are_built_for_the_target(artifacts, deps):
    for layer in (deps, artifacts / "DepsWebauthnLayer"):
        machines = {struct.unpack_from("<H", file.read_bytes()[:20], 18)[0] for file in layer.rglob("*.so")}
        assert machines == {MACHINE[ARCHITECTURE]}


def test_what_checks_keys_stands_where_nobody_finds_it_unasked(artifacts, deps):
    layer = artifacts / "DepsWebauthnLayer"
    assert not (layer / "python").exists()
    brought = {
        each.name for each in (layer / "webauthn").iterdir() if not each.name.endswith((".dist-info", "__pycache__"))
    }
    assert {"webauthn", "OpenSSL", "cbor2"} <= brought
    assert not brought & {each.name for each in deps.iterdir()}


@pytest.mark.parametrize("function", ["LoginSubmit", "RegistrationSubmit", "SettingsSubmit"])
def test_functions_that_check_keys_find_the_package_when_a_key_answers_and_not_before(artifacts, runtime, function):
    challenge = bytes(range(32))
    asked = {"rp": {"id": "example.org"}, "user": {"id": "AAAA"}, "challenge": encoded(challenge)}
    answer = Authenticator().create(json.dumps({"publicKey": asked}))
    arguments = [runtime.python, "-c", CHECKS, answer, challenge.hex(), ORIGIN]
    environment = environment_of(artifacts / function)
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "none"]


CHECKS = """
import importlib.util, sys
from vestibule.adapters.key_answers import CheckedKeyAnswers
from vestibule.domain.key import RelyingParty
print(any(importlib.util.find_spec(name) for name in ("webauthn", "OpenSSL", "cbor2")))
answer, challenge, origin = sys.argv[1:]
made = CheckedKeyAnswers().made(answer, bytes.fromhex(challenge), RelyingParty("example.org", "Harbour", (origin,)))
print(made and made.attestation)
"""


def test_everything_is_compiled_ahead_and_never_compared_with_its_source(artifacts):
    for layer in ("CoreLayer", "DepsLayer", "DepsWebauthnLayer"):
        for source in (artifacts / layer).rglob("*.py"):
            compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
            flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
            assert flags == 0b01, f"{compiled}: hash-based, unchecked (PEP 552)"


def test_tracebacks_name_the_layers_place_on_lambda(core):
    assert b"/opt/python/vestibule/edge/endpoint.py" in _code(core / "python" / "vestibule" / "edge" / "endpoint.py")


def test_only_the_services_in_use_are_described(deps):
    described = {folder.name for folder in (deps / "botocore" / "data").iterdir() if folder.is_dir()}
    assert {"dynamodb", "secretsmanager"} <= described
    assert len(described) < 20


def _code(source: Path) -> bytes:
    compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
    return compiled.read_bytes()[16:]
