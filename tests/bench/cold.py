"""Cold starts of the built functions: CPU until the first answer, against a handler that only makes a client."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.artifact.lambda_runtime import Missing, Runtime, built, environment_of, find_runtime
from tests.artifact.secrets_manager import running_secrets_manager
from tests.bench import table
from tests.bench.dynamodb_stub import running_stub

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
sys.exit(isinstance(answer, dict) and answer.get("statusCode", 200) >= 500)
"""


def report() -> None:
    try:
        runtime = find_runtime()
    except Missing as missing:
        print(f"\nCold starts: not measured. {missing}")
        return
    artifacts = built()
    names = sorted(event.stem for event in EVENTS.glob("[A-Z]*.json"))
    with running_stub() as store, running_secrets_manager() as secrets, tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(BASELINE)
        aws = {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets,
            "DSN": f"dynamodb://bench?region=eu-central-1&endpoint={store}",
        }
        lean = environment_of(artifacts / "LoginStart") | aws | {"LAMBDA_TASK_ROOT": folder}
        spent = {
            name: _beside(
                lambda: _once(runtime, lean, EVENTS / "PublicHealth.json"),
                lambda name=name: _once(runtime, environment_of(artifacts / name) | aws, EVENTS / f"{name}.json"),
            )
            for name in names
        }
    table.show(
        f"Cold starts, from an empty process to the first answer (best of {ROUNDS})",
        ["function", "CPU ms", "ratio", f"target {TARGET}"],
        [
            [n, f"{ms:.0f}", f"{ms / unit:.2f}", "" if ms / unit <= TARGET else "above"]
            for n, (unit, ms) in spent.items()
        ],
        "The ratio is to a handler that only makes a boto3 client for DynamoDB, measured in turn with each function:",
        f"{min(unit for unit, _ in spent.values()):.0f} ms CPU at best.",
        "The first answer includes reading the secret and the first call to the store, which that handler is spared.",
    )


def _beside(lean: Callable[[], float], whole: Callable[[], float]) -> tuple[float, float]:
    """The best of each, in turn: a machine is not equally fast all the time."""
    rounds = [(lean(), whole()) for _ in range(ROUNDS)]
    return min(first for first, _ in rounds), min(second for _, second in rounds)


def _once(runtime: Runtime, environment: dict[str, str], event: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([runtime.python, "-c", ANSWER, event], env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
