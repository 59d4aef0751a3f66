"""Calls that a step waits for stand in the delivery log, redacted, and cost no call to the store of their own."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.hooks.web_hook.target import PARSE, REFUSAL, WHOLE, Scene, after, answer, before
from tests.world import PASSWORD, Native

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.delivery import Delivery, DeliveryStatus, Run

EMAIL = "alice@example.org"


class Counting(SqliteTable):
    """Counts its calls."""

    calls = 0

    def get(self, *arguments: Any, **keys: Any) -> Any:
        self.calls += 1
        return super().get(*arguments, **keys)

    def write(self, *arguments: Any, **keys: Any) -> Any:
        self.calls += 1
        return super().write(*arguments, **keys)

    def transact(self, *arguments: Any, **keys: Any) -> Any:
        self.calls += 1
        return super().transact(*arguments, **keys)

    def query(self, *arguments: Any, **keys: Any) -> Any:
        self.calls += 1
        return super().query(*arguments, **keys)


def signing_in(*changes: Any) -> int:
    table = Counting(None)
    try:
        scene = Scene(table, *changes)
        scene.world.identity(EMAIL)
        Native(scene.world).sign_in(EMAIL)  # the index key is read once
        client = Native(scene.world)
        flow = client.start("login")
        table.calls = 0
        assert client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD).status == 200
        return table.calls
    finally:
        table.close()


def noted(scene: Scene) -> tuple[Delivery, list[Run]]:
    (delivery,), _ = scene.world.svc.deliveries.page(after=None, limit=10)
    found = scene.world.svc.deliveries.find(delivery.event_id)
    assert found is not None
    return found


@pytest.mark.parametrize("mode", [{}, PARSE])
def test_a_sign_in_with_a_hook_asks_the_store_as_often_as_one_without(mode: dict[str, Any]):
    assert signing_in(after("login", **mode)) == signing_in()


def test_a_call_is_noted_with_its_attempts_and_no_secret(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("registration", id="crm", headers={"X-Key": "hidden-key"}))
    scene.target.answers = [answer(503), answer(200, {"name": "Ann"})]
    reply = Native(scene.world).sign_up(EMAIL)
    delivery, (run,) = noted(scene)
    assert delivery.event_id == scene.target.calls[0].headers["webhook-id"]
    assert (delivery.hook, delivery.status, delivery.waited_for) == ("crm", DeliveryStatus.DELIVERED, True)
    assert [made.status for made in run.tries] == [503, 200]
    assert run.tries[0].request["url"] == "https://target.example.org/hook"
    assert reply.status == 200
    told = str([(made.request, made.response) for made in run.tries])
    for hidden in ("hidden-key", EMAIL, "Ann"):
        assert hidden not in told


@pytest.mark.parametrize(
    ("said", "status"), [(answer(400, REFUSAL), DeliveryStatus.DELIVERED), (answer(500), DeliveryStatus.FAILED)]
)
def test_refusals_and_failures_are_noted_too(sqlite_table: SqliteTable, said: Any, status: DeliveryStatus):
    scene = Scene(sqlite_table, after("registration", **PARSE))
    scene.target.answers = [said]
    Native(scene.world).sign_up(EMAIL)
    assert noted(scene)[0].status == status


@pytest.mark.parametrize(
    ("said", "status"), [(answer(400, REFUSAL), DeliveryStatus.DELIVERED), (answer(), DeliveryStatus.DELIVERED)]
)
def test_gates_are_noted(sqlite_table: SqliteTable, said: Any, status: DeliveryStatus):
    scene = Scene(sqlite_table, before("registration", **PARSE))
    scene.target.answers = [said]
    Native(scene.world).get("/self-service/registration/api")
    assert noted(scene)[0].status == status


def test_a_call_that_its_template_cancels_is_noted_as_that(sqlite_table: SqliteTable):
    cancelling = "base64://ZnVuY3Rpb24oY3R4KSBlcnJvciAnY2FuY2VsJw=="  # function(ctx) error 'cancel'
    scene = Scene(sqlite_table, after("registration", body=cancelling))
    assert Native(scene.world).sign_up(EMAIL).status == 200
    assert (noted(scene)[0].status, scene.target.calls) == (DeliveryStatus.CANCELLED, [])


def test_an_error_in_a_template_names_hook_and_line(sqlite_table: SqliteTable, caplog: pytest.LogCaptureFixture):
    wrong = "base64://ZnVuY3Rpb24oY3R4KSB7CiAgYTogMSwKICBiOiBjdHgubm90aGluZywKfQ=="  # ctx.nothing in the third line
    scene = Scene(sqlite_table, after("registration", id="crm", body=wrong))
    with caplog.at_level(logging.ERROR):
        Native(scene.world).sign_up(EMAIL)
    (record,) = [record for record in caplog.records if "cannot run" in record.message]
    assert "line 3" in record.message
    assert vars(record)["hook"] == "crm"
    assert WHOLE not in record.message
