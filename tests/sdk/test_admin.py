"""The unmodified SDK drives the admin API."""

from __future__ import annotations

import re
import uuid

import ory_kratos_client as sdk
import pytest
from ory_kratos_client.exceptions import ApiException, NotFoundException

PASSWORD = "blue-kettle-42-orbit"


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4()}@example.org"


@pytest.fixture
def person(identities: sdk.IdentityApi, email: str) -> sdk.Identity:
    """Somebody whom an administrator made, with a password."""
    password = sdk.IdentityWithCredentialsPassword(config=sdk.IdentityWithCredentialsPasswordConfig(password=PASSWORD))
    body = sdk.CreateIdentityBody(
        schema_id="person",
        traits={"email": email},
        credentials=sdk.IdentityWithCredentials(password=password),
        metadata_admin={"plan": "free"},
    )
    return identities.create_identity(create_identity_body=body)


def sign_in(frontend: sdk.FrontendApi, email: str, password: str = PASSWORD) -> sdk.SuccessfulNativeLogin:
    flow = frontend.create_native_login_flow()
    body = sdk.UpdateLoginFlowWithPasswordMethod(method="password", identifier=email, password=password)
    return frontend.update_login_flow(flow.id, sdk.UpdateLoginFlowBody(body))


def test_an_identity_is_made_read_and_found(identities: sdk.IdentityApi, person: sdk.Identity, email: str) -> None:
    read = identities.get_identity(id=person.id)
    assert read.traits == {"email": email}
    assert read.metadata_admin == {"plan": "free"}
    assert [each.id for each in identities.list_identities(credentials_identifier=email)] == [person.id]
    assert [each.id for each in identities.list_identities(ids=[person.id])] == [person.id]
    hashed = identities.get_identity(id=person.id, include_credential=["password"]).credentials
    assert hashed
    assert hashed["password"].identifiers == [email]


def test_pages_follow_one_another(identities: sdk.IdentityApi, person: sdk.Identity) -> None:
    for _ in range(2):
        identities.create_identity(
            create_identity_body=sdk.CreateIdentityBody(schema_id="person", traits={"email": f"{uuid.uuid4()}@x.org"})
        )
    found: list[str] = []
    token = None
    while True:
        answer = identities.list_identities_with_http_info(page_size=2, page_token=token)
        found += [each.id for each in answer.data]
        link = {name.lower(): value for name, value in (answer.headers or {}).items()}["link"]
        following = re.search(r'[?&]page_token=([^&>]*)[^>]*>; rel="next"', link)
        if following is None:
            break
        token = following[1]
    assert person.id in found
    assert len(found) == len({*found})


def test_an_identity_is_patched_replaced_and_disabled(
    identities: sdk.IdentityApi, frontend: sdk.FrontendApi, person: sdk.Identity, email: str
) -> None:
    patch = [sdk.JsonPatch(op="replace", path="/metadata_admin/plan", value="paid")]
    assert identities.patch_identity(id=person.id, json_patch=patch).metadata_admin == {"plan": "paid"}
    body = sdk.UpdateIdentityBody(schema_id="person", state="active", traits={"email": f"new-{email}"})
    assert identities.update_identity(id=person.id, update_identity_body=body).traits == {"email": f"new-{email}"}
    assert sign_in(frontend, f"new-{email}").session.active
    patch = [sdk.JsonPatch(op="replace", path="/state", value="inactive")]
    assert identities.patch_identity(id=person.id, json_patch=patch).state == "inactive"
    with pytest.raises(ApiException) as refused:
        sign_in(frontend, f"new-{email}")
    assert refused.value.status == 400


def test_many_identities_are_made_at_once(identities: sdk.IdentityApi) -> None:
    patches = [
        sdk.IdentityPatch(
            create=sdk.CreateIdentityBody(schema_id="person", traits={"email": f"{uuid.uuid4()}@example.org"}),
            patch_id=str(uuid.uuid4()),
        )
        for _ in range(3)
    ]
    answer = identities.batch_patch_identities(sdk.PatchIdentitiesBody(identities=patches))
    assert [each.action for each in answer.identities or []] == ["create"] * 3


def test_sessions_are_listed_extended_and_ended(
    identities: sdk.IdentityApi, frontend: sdk.FrontendApi, person: sdk.Identity, email: str
) -> None:
    tokens = [sign_in(frontend, email) for _ in range(3)]
    assert len(identities.list_identity_sessions(id=person.id)) == 3
    first = tokens[0].session.id
    assert identities.get_session(id=first, expand=["identity"]).identity.id == person.id
    assert identities.extend_session(id=first).id == first
    identities.disable_session(id=first)
    assert not identities.get_session(id=first).active
    assert first in [session.id for session in identities.list_sessions(active=False)]
    identities.delete_identity_sessions(id=person.id)
    assert identities.list_identity_sessions(id=person.id) == []
    for token in tokens:
        with pytest.raises(ApiException) as refused:
            frontend.to_session(x_session_token=token.session_token)
        assert refused.value.status == 401


def test_a_deleted_identity_is_gone(
    identities: sdk.IdentityApi, frontend: sdk.FrontendApi, person: sdk.Identity, email: str
) -> None:
    token = sign_in(frontend, email).session_token
    identities.delete_identity(id=person.id)
    with pytest.raises(NotFoundException):
        identities.get_identity(id=person.id)
    with pytest.raises(ApiException) as refused:
        frontend.to_session(x_session_token=token)
    assert refused.value.status == 401
    assert identities.list_identities(credentials_identifier=email) == []


def test_schemas_health_and_version(identities: sdk.IdentityApi, metadata: sdk.MetadataApi) -> None:
    assert [schema.id for schema in identities.list_identity_schemas()] == ["person"]
    assert metadata.is_alive().status == "ok"
    assert metadata.is_ready().status == "ok"
    assert metadata.get_version().version
