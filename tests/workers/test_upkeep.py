"""The revision of the configuration after a deployment: put onto the files and models of now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.live import Live, lived

from vestibule.config import frozen
from vestibule.ports import Delete
from vestibule.workers.upkeep import refreeze, upkeep

LIFESPAN = "/selfservice/flows/login/lifespan"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with lived(tmp_path) as world:
        world.patch({"op": "add", "path": LIFESPAN, "value": "7m"})
        yield world


def test_a_revision_of_now_stays(live: Live):
    assert refreeze(live.svc) is False


def test_a_revision_moves_onto_changed_files(live: Live):
    live.restarted({"selfservice": {"flows": {"login": {"style": "identifier_first"}}}})
    upkeep(live.svc)
    assert refreeze(live.svc) is False
    revision = live.svc.configurations.current()
    assert revision is not None
    assert revision.digest == live.svc.configurations.source.digest
    login = revision.document["selfservice"]["flows"]["login"]
    assert (login["style"], login["lifespan"]) == ("identifier_first", "7m")
    assert live.admin("GET", "/admin/config").json["revision"] == 1


def test_what_other_models_made_is_made_anew(live: Live):
    revision = live.svc.configurations.current()
    assert revision is not None
    live.svc.configurations.restate(replace(revision, frozen='{"models": "others"}'))
    assert refreeze(live.svc) is True
    renewed = live.svc.configurations.current()
    assert renewed is not None
    assert frozen.is_current(renewed.frozen)


def test_a_revision_that_does_not_fit_stays_as_it_is(live: Live):
    hooks = {"selfservice": {"flows": {"login": {"after": {"hooks": [{"hook": "revoke_active_sessions"}]}}}}}
    live.restarted(hooks)
    live.patch({"op": "remove", "path": "/selfservice/flows/login/after/hooks/0"})
    live.restarted({"selfservice": {"flows": {"login": {"after": {"hooks": []}}}}})
    before = live.svc.configurations.current()
    assert refreeze(live.svc) is False
    after = live.svc.configurations.current()
    assert before is not None
    assert after is not None
    assert after.digest == before.digest


def test_without_revisions_there_is_nothing_to_do(live: Live):
    live.svc.table.write(Delete(("CFG", "HEAD")))
    assert refreeze(live.svc) is False
