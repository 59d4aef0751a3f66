"""What an administrator does in these tests."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.world import PASSWORD, Native, Reply, World

NOBODY = "10000000-0000-4000-8000-000000000000"
BCRYPT = "$2a$04$Lnk4RaAfCV8iLwikt1uPKu5LFGfBQHHE0/81GLorWM.nz67HD2BnC"
BCRYPT_PASSWORD = "blue-Kettle-42-orbit"


def body(email: str, **fields: Any) -> dict[str, Any]:
    return {"schema_id": "person", "traits": {"email": email}} | fields


def password(text: str = PASSWORD) -> dict[str, Any]:
    return {"password": {"config": {"password": text}}}


def created(world: World, email: str, **fields: Any) -> dict[str, Any]:
    reply = world.admin("POST", "/admin/identities", body(email, **fields))
    assert reply.status == 201, reply.body
    return reply.json


def fetched(world: World, identity_id: str, *include: str) -> dict[str, Any]:
    query = "&".join(f"include_credential={each}" for each in include)
    reply = world.admin("GET", f"/admin/identities/{identity_id}?{query}")
    assert reply.status == 200, reply.body
    return reply.json


def put(world: World, identity_id: str, document: dict[str, Any]) -> Reply:
    return world.admin("PUT", f"/admin/identities/{identity_id}", document)


def patched(world: World, identity_id: str, *operations: Any) -> Reply:
    return world.admin("PATCH", f"/admin/identities/{identity_id}", list(operations))


def found(world: World, query: str) -> list[str]:
    reply = world.admin("GET", f"/admin/identities?{query}")
    assert reply.status == 200, reply.body
    return [identity["id"] for identity in reply.json]


def found_by(world: World, identifier: str) -> list[str]:
    return found(world, f"credentials_identifier={quote(identifier)}")


def signed_in(world: World, identifier: str, secret: str = PASSWORD) -> Reply:
    client = Native(world)
    return client.submit(client.start("login"), method="password", identifier=identifier, password=secret)


def next_page(reply: Reply) -> str | None:
    """The address that the Link header names as the next page."""
    links = dict(reversed(part.split("; rel=")) for part in reply.headers["link"].split(","))
    return links['"next"'].strip("<>") if '"next"' in links else None
