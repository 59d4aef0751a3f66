"""A deployment whose functions are wired as they are in production: they follow the configuration's revisions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from tests.world import SCHEMA, World, configured

from vestibule import wiring
from vestibule.config.document import merged
from vestibule.config.load import load
from vestibule.services import Services


class Live(World):
    """One process; `file` is its configuration."""

    file: Path

    def _services(self) -> AbstractContextManager[None]:
        self.svc = wiring.services()
        return nullcontext()

    def seconds_pass(self, seconds: float) -> None:
        """Since somebody looked for a new revision."""
        wiring._process.looked -= seconds

    def restarted(self, changes: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> None:
        """Another process on the same store, with a file that may have changed."""
        table = self.svc.table
        document = merged(json.loads(self.file.read_text()), dict(changes or {}))
        self.file.write_text(json.dumps(document))
        wiring.configure(load([self.file], environ or {}))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wiring, "open_table", lambda dsn, make_missing: table)
            self.svc = wiring.services()

    def patch(self, *operations: Mapping[str, Any], query: str = "", **headers: str) -> Any:
        return self.admin("PATCH", f"/admin/config{query}", list(operations), **headers)

    def config(self, query: str = "") -> Any:
        return self.admin("GET", f"/admin/config{query}").json["config"]


@contextmanager
def lived(folder: Path, changes: Mapping[str, Any] | None = None) -> Iterator[Live]:
    before = dict(vars(wiring._process))
    file = folder / "kratos.json"
    file.write_text(json.dumps(merged(configured(SCHEMA), dict(changes or {}))))
    wiring.configure(load([file], {}))
    svc: Services = wiring.services()
    world = Live(svc, svc.clock, svc.table)  # type: ignore[arg-type]  # the clock is the machine's
    world.file = file
    try:
        yield world
    finally:
        vars(wiring._process).update(before)
