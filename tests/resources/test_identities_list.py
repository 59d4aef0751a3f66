"""Lists of identities: all of them by pages, and by filters."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.resources.administrator import NOBODY, created, fetched, found, found_by, next_page, password
from tests.world import SCHEMA, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.resources import identities_list

ORGANIZATION = "20000000-0000-4000-8000-000000000000"


def walked(world: World, path: str | None) -> list[list[str]]:
    """The ids of each page."""
    pages: list[list[str]] = []
    while path:
        reply = world.admin("GET", path)
        assert reply.status == 200, reply.body
        pages.append([each["id"] for each in reply.json])
        path = next_page(reply)
    return pages


def test_pages_show_everybody_once_in_the_order_of_ids(world: World) -> None:
    everybody = sorted(created(world, f"ann{number}@example.org")["id"] for number in range(7))
    pages = walked(world, "/admin/identities?page_size=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [each for page in pages for each in page] == everybody


def test_a_last_page_that_is_full_names_no_next_one(world: World) -> None:
    for number in range(4):
        created(world, f"ann{number}@example.org")
    assert [len(page) for page in walked(world, "/admin/identities?page_size=2")] == [2, 2]


def test_lists_show_addresses_but_credentials_only_when_asked(world: World) -> None:
    created(world, "ann@example.org", credentials=password())
    (identity,) = world.admin("GET", "/admin/identities").json
    assert identity["verifiable_addresses"]
    assert identity["metadata_admin"] is None
    assert "credentials" not in identity
    (identity,) = world.admin("GET", "/admin/identities?include_credential=password").json
    assert identity["credentials"]["password"]["config"]["hashed_password"]


def test_the_nil_token_is_the_first_page(world: World) -> None:
    created(world, "ann@example.org")
    assert len(found(world, "page_token=00000000-0000-0000-0000-000000000000")) == 1


@pytest.mark.parametrize("query", ["page_size=many", "page_token=wrong", "page_token=", "page_size=0"])
def test_sizes_and_tokens_are_checked(world: World, query: str) -> None:
    expected = 200 if query in ("page_token=", "page_size=0") else 400
    assert world.admin("GET", f"/admin/identities?{query}").status == expected


def test_filters_are_exact_and_cannot_be_combined(world: World) -> None:
    identity = created(world, "ann@example.org", organization_id=ORGANIZATION)
    created(world, "bea@example.org")
    assert found_by(world, " ANN@Example.org ") == [identity["id"]]
    assert found(world, "preview_credentials_identifier_similar=ann@example.org") == [identity["id"]]
    assert found(world, "preview_credentials_identifier_similar=ann") == []
    assert found(world, f"organization_id={ORGANIZATION}") == [identity["id"]]
    assert found(world, f"ids={identity['id']}&ids={NOBODY}&ids={identity['id']}") == [identity["id"]]
    for query in (
        f"ids={identity['id']}&credentials_identifier=ann@example.org",
        "organization_id=acme",
        "ids=not-a-uuid",
        "&".join(f"ids={NOBODY}" for _ in range(501)),
    ):
        assert world.admin("GET", f"/admin/identities?{query}").status == 400


def test_consistency_is_taken_as_it_comes(world: World) -> None:
    created(world, "ann@example.org")
    for level in ("strong", "eventual", ""):
        assert len(found(world, f"consistency={level}")) == 1


def test_many_ids_come_in_pages_too(world: World) -> None:
    ids = sorted(created(world, f"ann{number}@example.org")["id"] for number in range(3))
    query = "&".join(f"ids={each}" for each in reversed(ids))
    assert walked(world, f"/admin/identities?{query}&page_size=2") == [ids[:2], ids[2:]]


def test_an_organization_is_found_behind_many_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities_list, "MAX_SIZE", 2)
    monkeypatch.setattr(identities_list, "MOST_LOOKED_AT", 4)
    for number in range(9):
        created(world, f"other{number}@example.org")
    members = sorted(
        created(world, f"ann{number}@example.org", organization_id=ORGANIZATION)["id"] for number in range(4)
    )
    pages = walked(world, f"/admin/identities?organization_id={ORGANIZATION}&page_size=2")
    assert [each for page in pages for each in page] == members
    assert all(len(page) <= 2 for page in pages)


def test_numbered_pages_go_on_working_for_a_thousand_identities(world: World) -> None:
    everybody = sorted(created(world, f"ann{number}@example.org")["id"] for number in range(5))
    assert walked(world, "/admin/identities?per_page=2") == [everybody[:2], everybody[2:4], everybody[4:]]
    assert found(world, "page=3&per_page=2") == everybody[4:]
    assert found(world, "page=9&per_page=2") == []
    assert world.admin("GET", "/admin/identities?page=6&per_page=250").status == 400
    assert world.admin("GET", "/admin/identities?page=x&per_page=250").status == 400


def test_a_deleted_identity_does_not_end_the_list_early(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index shows an identity a moment longer than its item says that it is gone."""
    ids = sorted(created(world, f"ann{number}@example.org")["id"] for number in range(4))
    find_many = type(world.svc.identities).find_many

    def without_one(store: Any, asked: list[str]) -> list[Any]:
        return [each for each in find_many(store, asked) if each.id != ids[1]]

    monkeypatch.setattr(type(world.svc.identities), "find_many", without_one)
    pages = walked(world, "/admin/identities?page_size=2")
    assert [each for page in pages for each in page] == [ids[0], *ids[2:]]


def test_codes_show_where_they_would_be_sent(sqlite_table: SqliteTable) -> None:
    schema = copy.deepcopy(SCHEMA)
    marks = schema["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]["credentials"]
    marks["code"] = {"identifier": True, "via": "email"}
    world = World.build(sqlite_table, schema=schema)
    identity = created(world, "Ann@example.org")
    code = fetched(world, identity["id"], "code")["credentials"]["code"]
    assert code["config"] == {"addresses": [{"channel": "email", "address": "ann@example.org"}]}
    assert code["identifiers"] == ["ann@example.org"]
