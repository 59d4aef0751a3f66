"""Fetches DynamoDB Local from Maven Central into .cache: `python tests/store/fetch_dynamodb_local.py`."""

from __future__ import annotations

import fcntl
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "2.6.1"
CACHE = Path(__file__).parents[2] / ".cache"
FOLDER = CACHE / f"dynamodb-local-{VERSION}"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>vestibule.tests</groupId><artifactId>dynamodb-local</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>{VERSION}</version>
  </dependency></dependencies>
</project>
"""


class Missing(Exception):
    """What this machine lacks, and how to get it."""


def fetch() -> Path:
    """The folder with its jars and native libraries, fetched unless it is there. Raises Missing."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        raise Missing(f"DynamoDB Local has no build for {platform.machine()}: run these tests on x86-64")
    if not shutil.which("java"):
        raise Missing("DynamoDB Local needs Java 17: e.g. apt-get install openjdk-17-jre-headless")
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "dynamodb-local.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test runs fetch it once
        if not FOLDER.exists():
            _fetch()
    return FOLDER


def _fetch() -> None:
    if not shutil.which("mvn"):
        raise Missing("DynamoDB Local is fetched by Maven: e.g. apt-get install maven")
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        pom, jars = Path(scratch, "pom.xml"), Path(scratch, "jars")
        pom.write_text(POM)
        command = ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            problem = next((line for line in done.stdout.splitlines() if "ERROR" in line), "no reason given")
            raise Missing(f"Maven could not fetch DynamoDB Local {VERSION}: {problem}")
        jars.rename(FOLDER)


if __name__ == "__main__":
    try:
        fetch()
    except Missing as missing:
        sys.exit(str(missing))
