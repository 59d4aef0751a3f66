"""The arrows of the package, which `make lint` checks too: here so that a plain test run tells."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_arrows_go_down():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
