"""Cold starts of the built functions: CPU until the first answer, against a handler that only makes a client."""

from __future__ import annotations

import json
import resource
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from tests.artifact.lambda_runtime import Missing, Runtime, built, environment_of, find_runtime
from tests.artifact.secrets_manager import running_secrets_manager
from tests.bench import table
from tests.bench.dynamodb_stub import running_stub
from tests.libraries import HEAVY

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
ROUNDS = 5
TARGET = 1.3

BASELINE = """
import boto3
client = boto3.client("dynamodb")
def handler(event, context):
    return {"statusCode": 200}
"""

ANSWER = """
import json, os, sys
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
class Context:
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    memory_limit_in_mb = "1769"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:bench"
from app import handler
answer = handler(json.load(open(sys.argv[1])), Context())
for path in sys.argv[2:]:
    open(path, "w").write(json.dumps(list(sys.modules)))
sys.exit(isinstance(answer, dict) and answer.get("statusCode", 200) >= 500)
"""

SHOWN = sorted({*HEAVY, "cryptography", "aws_lambda_powertools"})
"""Libraries by the module that tells of them."""


def report() -> None:
    try:
        runtime = find_runtime()
    except Missing as missing:
        print(f"\nCold starts: not measured. {missing}")
        return
    artifacts = built()
    names = sorted(event.stem for event in EVENTS.glob("[A-Z]*.json"))
    with running_stub() as store, running_secrets_manager() as secrets, tempfile.TemporaryDirectory() as folder:
        lean_door = Path(folder, "app.py")
        lean_door.write_text(BASELINE)
        aws = {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets,
            "DSN": f"dynamodb://bench?region=eu-central-1&endpoint={store}",
        }
        lean = environment_of(artifacts / "LoginStart") | aws | {"LAMBDA_TASK_ROOT": folder}
        whole = {name: environment_of(artifacts / name) | aws for name in names}
        modules = {name: _imports(runtime, whole[name], EVENTS / f"{name}.json", folder) for name in names}
        units: list[float] = []
        spent: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(ROUNDS):  # in turn: a machine is not equally fast all the time
            for name in names:
                units.append(_once(runtime, lean, EVENTS / "PublicHealth.json"))
                spent[name].append(_once(runtime, whole[name], EVENTS / f"{name}.json"))
    unit = median(units)
    table.show(
        f"Cold starts, from an empty process to the first answer (CPU, medians of {ROUNDS})",
        ["function", "ms", "ratio", f"target {TARGET}", "modules", "ours", "libraries"],
        [_row(name, median(spent[name]), unit, modules[name]) for name in names],
        f"The ratio is to a handler that only makes a boto3 client for DynamoDB, in turn with each: {unit:.0f} ms.",
        "The first answer includes reading the secret and the first call to the store, which that handler is spared.",
    )


def _row(name: str, milliseconds: float, unit: float, modules: list[str]) -> list[str]:
    ratio = milliseconds / unit
    ours = sum(module.startswith("vestibule.") for module in modules)
    libraries = [module for module in SHOWN if module in modules]
    above = "" if ratio <= TARGET else "above"
    return [name, f"{milliseconds:.0f}", f"{ratio:.2f}", above, str(len(modules)), str(ours), " ".join(libraries)]


def _imports(runtime: Runtime, environment: dict[str, str], event: Path, folder: str) -> list[str]:
    """The modules that are there after the first answer."""
    told = Path(folder, "modules")
    _run(runtime, environment, event, told)
    return json.loads(told.read_text())


def _once(runtime: Runtime, environment: dict[str, str], event: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(runtime, environment, event)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def _run(runtime: Runtime, environment: dict[str, str], *arguments: Path) -> None:
    subprocess.run([runtime.python, "-c", ANSWER, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
