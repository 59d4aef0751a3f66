"""What a clock sets going, and how it says that a revision of the configuration is not what runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live import Live, lived

from vestibule import wiring
from vestibule.edge.schedule import RevisionUnused, of_schedule
from vestibule.services import Services

LIFESPAN = "/selfservice/flows/login/lifespan"
HOOK = "/selfservice/flows/login/after/hooks/0"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with lived(tmp_path) as world:
        yield world


def ticked() -> list[Services]:
    """What the step was done with. Raises what the handler raises, after it."""
    done: list[Services] = []
    of_schedule(done.append)({}, None)
    return done


def test_a_step_is_done_with_the_services_of_now(live: Live):
    live.patch({"op": "add", "path": LIFESPAN, "value": "7m"})
    (svc,) = ticked()
    assert svc.config.selfservice.flows.login.lifespan.total_seconds() == 420


def test_a_revision_that_cannot_be_used_fails_every_tick_after_its_work_until_it_is_mended(live: Live):
    live.svc.configurations.add(0, note="", changes=[], patches=[], document={"identity": 1}, frozen=None)
    done: list[Services] = []
    for _ in range(2):
        live.seconds_pass(wiring.WAIT_SECONDS)
        with pytest.raises(RevisionUnused, match="revision 1 of the configuration cannot be used"):
            of_schedule(done.append)({}, None)
    assert len(done) == 2
    assert live.admin("POST", "/admin/config/rollback", {"revision": 0}).status == 200
    live.seconds_pass(wiring.WAIT_SECONDS)
    assert len(ticked()) == 1


def test_so_does_one_that_does_not_fit_the_files_any_more(live: Live):
    live.restarted({"selfservice": {"flows": {"login": {"after": {"hooks": [{"hook": "revoke_active_sessions"}]}}}}})
    live.patch({"op": "remove", "path": HOOK})
    ticked()
    live.restarted({"selfservice": {"flows": {"login": {"after": {"hooks": []}}}}})
    with pytest.raises(RevisionUnused, match="revision 1 does not fit the configuration files any more"):
        ticked()
    live.restarted({"selfservice": {"flows": {"login": {"after": {"hooks": [{"hook": "revoke_active_sessions"}]}}}}})
    assert len(ticked()) == 1


def test_a_store_out_of_reach_is_no_such_thing(live: Live, monkeypatch: pytest.MonkeyPatch):
    from vestibule.ports import StoreUnavailable  # noqa: PLC0415 (used here alone)

    def unavailable(*_: object, **__: object) -> int:
        raise StoreUnavailable("out of reach")

    monkeypatch.setattr(type(live.svc.configurations), "head", unavailable)
    live.seconds_pass(60)
    assert len(ticked()) == 1
