"""What the server says: its first lines, and one line for each request."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

from vestibule.config.findings import Finding
from vestibule.config.serve import Log

_LEVELS = {"trace": logging.DEBUG, "fatal": logging.CRITICAL, "panic": logging.CRITICAL}

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def log_to_stdout(settings: Log) -> None:
    """All of the process's log lines, at the configured level and in the configured format."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Json() if settings.format == "json" else _Text())
    level = _LEVELS.get(settings.level)
    logging.basicConfig(level=settings.level.upper() if level is None else level, handlers=[handler], force=True)
    # One line a request: the gateway's. What the functions add at this level, its status says, too.
    quiet = settings.level == "info"
    logging.getLogger("vestibule").setLevel(logging.WARNING if quiet else logging.NOTSET)
    logging.getLogger("vestibule.local").setLevel(logging.INFO if quiet else logging.NOTSET)
    for chatty in ("asyncio", "botocore", "boto3", "urllib3", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def banner(rows: Iterable[tuple[str, str]], findings: Iterable[Finding]) -> str:
    """The lines at start: what there is, and what of the configuration has no effect."""
    lines = ["Vestibule is ready.", ""]
    lines += [f"  {name:<15}{text}" for name, text in rows]
    warnings = [str(finding) for finding in findings if finding.severity == "warning"]
    if warnings:
        lines += ["", *warnings]
    return "\n".join([*lines, "", "Stop it with Ctrl-C.", ""])


def _extra(record: logging.LogRecord) -> dict[str, object]:
    """What the line was given beside its message."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        said = "".join(f" {name}={value}" for name, value in _extra(record).items())
        return super().formatMessage(record) + said


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
