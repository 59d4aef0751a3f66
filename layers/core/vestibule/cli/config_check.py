"""`vestibule config check FILE…`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vestibule.cli.templates import checking
from vestibule.config.check import check


def run(paths: Sequence[Path]) -> int:
    """Print every finding, one a line, `FILE:LINE: SEVERITY: /PATH: SENTENCE`. 1 when one is an error, else 0."""
    with checking() as template:
        findings = check(paths, os.environ, template)
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    errors = sum(finding.severity == "error" for finding in findings)
    sys.stdout.write(f"{errors} errors\n" if errors != 1 else "1 error\n")
    return 1 if errors else 0
