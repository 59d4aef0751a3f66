"""`vestibule import identities`: whoever signed in at the other Kratos signs in here as before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.deployments import Recorded, behind_a_port, command
from tests.resources.administrator import BCRYPT, BCRYPT_PASSWORD, created, fetched, found_by, signed_in
from tests.settings import build, code_of, enrol_codes, enrol_totp, step_up
from tests.world import Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.cli import people

EMAIL = "ann@example.org"


@pytest.fixture
def former(tmp_path: Path) -> Iterator[Recorded]:
    """Another deployment, whose admin API stands for Kratos's, as the recordings hold it to."""
    with behind_a_port(build(SqliteTable(str(tmp_path / "former.sqlite")))) as server:
        yield server


@pytest.fixture
def now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    """The deployment that people move to."""
    with behind_a_port(build(SqliteTable(str(tmp_path / "now.sqlite")))) as server:
        monkeypatch.setenv("VESTIBULE_ADMIN_URL", server.address)
        yield server


def moved(former: Recorded, *options: str) -> Any:
    return command("import", "identities", "--from", former.address, *options)


def ann(world: World) -> dict[str, Any]:
    address = {"value": EMAIL, "via": "email", "verified": True, "status": "completed"}
    password = {"password": {"config": {"hashed_password": BCRYPT}}}
    metadata = {"metadata_public": {"plan": "pro"}, "metadata_admin": {"number": 7}}
    return created(world, EMAIL, credentials=password, verifiable_addresses=[address], **metadata)


def test_who_is_taken_over_signs_in_as_before(former: Recorded, now: Recorded):
    before = ann(former.live)
    result = moved(former)
    assert (result.exit_code, "1 taken over" in result.stderr) == (0, True), result.output
    (new_id,) = found_by(now.live, EMAIL)
    after = fetched(now.live, new_id)
    for key in ("schema_id", "state", "traits", "metadata_public", "metadata_admin"):
        assert after[key] == before[key]
    assert (after["external_id"], after["verifiable_addresses"][0]["verified"]) == (before["id"], True)
    assert signed_in(now.live, EMAIL, BCRYPT_PASSWORD).status == 200
    assert signed_in(now.live, EMAIL, "wrong").status == 400


def test_second_factors_come_along(former: Recorded, now: Recorded):
    ann(former.live)
    at_home = Native(former.live)
    at_home.submit(at_home.start("login"), method="password", identifier=EMAIL, password=BCRYPT_PASSWORD)
    secret = enrol_totp(at_home)
    codes = enrol_codes(at_home)
    assert moved(former).exit_code == 0
    for factor in (
        {"method": "totp", "totp_code": code_of(now.live, secret)},
        {"method": "lookup_secret", "lookup_secret": codes[0]},
    ):
        client = Native(now.live)
        client.submit(client.start("login"), method="password", identifier=EMAIL, password=BCRYPT_PASSWORD)
        assert step_up(client, **factor).status == 200


def test_it_can_be_said_again_and_takes_the_rest(former: Recorded, now: Recorded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(people, "PAGE", 2)
    for number in range(5):
        created(former.live, f"person-{number}@example.org")
    created(now.live, "person-3@example.org")
    assert "4 taken over, 1 were there already" in moved(former).stderr
    again = moved(former)
    assert (again.exit_code, "0 taken over, 5 were there already" in again.stderr) == (0, True)
    assert len([each for each in former.requests if each[0] == "GET"]) == 6  # pages of two


def test_a_dry_run_counts_and_writes_nothing(former: Recorded, now: Recorded):
    ann(former.live)
    created(former.live, "bea@example.org")
    result = moved(former, "--dry-run")
    assert result.stdout.splitlines() == [
        "2 identities",
        "        2 of schema person",
        "        1 with password",
        "        1 without anything to sign in with but codes",
    ]
    assert now.requests == []


def test_who_cannot_be_taken_over_is_named_with_the_reason(former: Recorded, now: Recorded):
    made = created(former.live, EMAIL, metadata_public={"a": 1})
    page = [fetched(former.live, made["id"]) | {"schema_id": "customer"}]
    result = people.Result()
    people._store(_Api(now), page, result)
    assert (result.taken, result.refused) == (0, 1)


class _Api:
    """The other end of the command, which counts."""

    def __init__(self, server: Recorded, refusals: int = 0) -> None:
        self.name, self.server, self.refusals, self.asked = "here", server, refusals, 0

    def ask(self, method: str, path: str, **options: Any) -> Any:
        self.asked += 1
        sent = options["body"]["identities"]
        reply = self.server.live.admin(method, path, {"identities": sent[self.refusals :]})
        late = [
            {"action": "error", "patch_id": each["patch_id"], "error": {"code": 503}} for each in sent[: self.refusals]
        ]
        self.refusals = 0
        return people.target.Answer(reply.status, {}, {"identities": [*late, *reply.json["identities"]]})


def test_what_there_was_no_time_for_is_sent_again(former: Recorded, now: Recorded):
    page = [fetched(former.live, created(former.live, f"p{number}@example.org")["id"]) for number in range(3)]
    result, api = people.Result(), _Api(now, refusals=2)
    people._store(api, page, result)
    assert (result.taken, api.asked) == (3, 2)


def test_only_what_an_import_knows_is_sent():
    """Kratos shows the tokens of providers, too."""
    provider = {"subject": "42", "provider": "google", "initial_access_token": "geheim", "organization": ""}
    wire = {
        "id": "7f4dfb3b-c3cc-4e35-9f09-286b09e77beb",
        "schema_id": "person",
        "schema_url": "http://kratos/schemas/x",
        "traits": {"email": EMAIL},
        "organization_id": None,
        "credentials": {
            "oidc": {"type": "oidc", "identifiers": ["google:42"], "version": 0, "config": {"providers": [provider]}},
            "password": {"type": "password", "config": {}},
            "code": {"type": "code", "config": {"addresses": []}},
        },
    }
    assert people.created(wire) == {
        "schema_id": "person",
        "traits": {"email": EMAIL},
        "external_id": wire["id"],
        "verifiable_addresses": [],
        "recovery_addresses": [],
        "credentials": {"oidc": {"config": {"providers": [{"provider": "google", "subject": "42"}]}}},
    }


def test_the_key_of_the_other_side_comes_from_the_environment(
    former: Recorded, now: Recorded, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VESTIBULE_FROM_TOKEN", "its-key")
    assert moved(former).exit_code == 0
    assert {headers["authorization"] for _, _, headers, _ in former.requests} == {"Bearer its-key"}
    assert not [headers for _, _, headers, _ in now.requests if "authorization" in headers]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("http://127.0.0.1:9", "cannot be reached; check --from"),
        ("ftp://example.org", "cannot be reached; check --from"),
        ("{former}/nowhere", "is it a Kratos's admin API?"),
    ],
)
def test_an_address_that_is_no_kratoss_is_said(former: Recorded, now: Recorded, source: str, said: str):
    result = command("import", "identities", "--from", source.replace("{former}", former.address))
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_the_key_goes_to_no_other_host():
    page = "http://kratos:4434/admin/identities?page_size=2"
    assert people._next(page, '</admin/identities?page_token=a>; rel="next"') == (
        "http://kratos:4434/admin/identities?page_token=a"
    )
    assert people._next(page, '</admin/identities>; rel="first"') is None
    with pytest.raises(people.TargetError, match="which is not where the first one was"):
        people._next(page, '<http://elsewhere/identities>; rel="next"')


def test_bodies_are_what_the_batch_takes(former: Recorded, now: Recorded):
    ann(former.live)
    moved(former)
    (_, path, _, body) = next(each for each in now.requests if each[0] == "PATCH")
    (entry,) = json.loads(body)["identities"]
    assert (path, entry["create"]["external_id"]) == ("/admin/identities", entry["patch_id"])
