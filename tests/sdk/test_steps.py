"""The unmodified SDK where sign-up and sign-in have steps, codes are second factors and a provider signs people in."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import ory_kratos_client as sdk
import pytest
from ory_kratos_client.exceptions import ApiException
from tests.provider_server import id_token
from tests.sdk.conftest import Addresses
from tests.sdk.test_codes import code_to
from tests.sdk.test_public import PASSWORD, sign_up


@pytest.fixture
def frontend(stepped: Addresses) -> Iterator[sdk.FrontendApi]:
    with sdk.ApiClient(sdk.Configuration(host=stepped.public)) as client:
        yield sdk.FrontendApi(client)


@pytest.fixture
def courier(stepped: Addresses) -> Iterator[sdk.CourierApi]:
    with sdk.ApiClient(sdk.Configuration(host=stepped.admin)) as client:
        yield sdk.CourierApi(client)


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4()}@example.org"


def login(frontend: sdk.FrontendApi, flow: str, body: object, token: str | None = None) -> sdk.SuccessfulNativeLogin:
    return frontend.update_login_flow(flow, sdk.UpdateLoginFlowBody(body), x_session_token=token)


def shown(
    refused: ApiException, kind: type[sdk.LoginFlow | sdk.RegistrationFlow]
) -> sdk.LoginFlow | sdk.RegistrationFlow:
    """The flow that came with a 400, as the SDK's own model reads it."""
    assert refused.status == 400, refused
    flow = kind.from_dict(json.loads(refused.body))
    assert flow
    return flow


def message_ids(flow: sdk.LoginFlow | sdk.RegistrationFlow) -> list[int]:
    return [message.id for message in flow.ui.messages or []]


def test_somebody_signs_up_in_two_steps(frontend: sdk.FrontendApi, email: str) -> None:
    flow = frontend.create_native_registration_flow()
    profile = sdk.UpdateRegistrationFlowWithProfileMethod(method="profile", traits={"email": email})
    with pytest.raises(ApiException) as refused:
        frontend.update_registration_flow(flow.id, sdk.UpdateRegistrationFlowBody(profile))
    assert message_ids(shown(refused.value, sdk.RegistrationFlow)) == [1040009]
    body = sdk.UpdateRegistrationFlowWithPasswordMethod(method="password", password=PASSWORD, traits={"email": email})
    assert frontend.update_registration_flow(flow.id, sdk.UpdateRegistrationFlowBody(body)).session_token


def test_who_comes_first_and_how_second(frontend: sdk.FrontendApi, email: str) -> None:
    sign_up(frontend, email)
    flow = frontend.create_native_login_flow()
    with pytest.raises(ApiException) as refused:
        login(
            frontend, flow.id, sdk.UpdateLoginFlowWithIdentifierFirstMethod(method="identifier_first", identifier=email)
        )
    # Read without the SDK's model, which has no `active: identifier_first`. Kratos says it all the same.
    assert "password" in {node["group"] for node in json.loads(refused.value.body)["ui"]["nodes"]}
    body = sdk.UpdateLoginFlowWithPasswordMethod(method="password", identifier=email, password=PASSWORD)
    assert login(frontend, flow.id, body).session_token


def test_a_mailed_code_is_the_second_factor(frontend: sdk.FrontendApi, courier: sdk.CourierApi, email: str) -> None:
    token = sign_up(frontend, email).session_token
    with pytest.raises(ApiException) as refused:
        frontend.to_session(x_session_token=token)
    assert json.loads(refused.value.body)["error"]["id"] == "session_aal2_required"
    flow = frontend.create_native_login_flow(aal="aal2", x_session_token=token)
    assert flow.state == "sent_email"
    wrong = sdk.UpdateLoginFlowWithCodeMethod(method="code", code="000000", csrf_token="")
    with pytest.raises(ApiException) as refused:
        login(frontend, flow.id, wrong, token)
    assert message_ids(shown(refused.value, sdk.LoginFlow)) == [4010008]
    code = code_to(courier, email, "login_code_valid")
    body = sdk.UpdateLoginFlowWithCodeMethod(method="code", code=code, csrf_token="")
    assert login(frontend, flow.id, body, token).session.authenticator_assurance_level == "aal2"
    assert frontend.to_session(x_session_token=token).active


def test_an_app_brings_the_token_of_a_provider(frontend: sdk.FrontendApi, stepped: Addresses, email: str) -> None:
    token = id_token(stepped.issuer, sub=email, email=email, nonce="a-nonce")
    body = sdk.UpdateLoginFlowWithOidcMethod(method="oidc", provider="app", id_token=token, id_token_nonce="a-nonce")
    for _ in ("signs up", "signs in"):
        session = login(frontend, frontend.create_native_login_flow().id, body).session
        assert [each.provider for each in session.authentication_methods or []] == ["app"]
    with sdk.ApiClient(sdk.Configuration(host=stepped.admin)) as client:
        found = sdk.IdentityApi(client).list_identities(credentials_identifier=f"app:{email}")
    assert [each.traits["email"] for each in found] == [email]


def test_a_sign_in_at_a_provider_is_fetched_with_two_codes(frontend: sdk.FrontendApi) -> None:
    flow = frontend.create_native_login_flow(
        return_session_token_exchange_code=True, return_to="https://app.example.org/inside"
    )
    with pytest.raises(ApiException) as refused:
        login(frontend, flow.id, sdk.UpdateLoginFlowWithOidcMethod(method="oidc", provider="example"))
    assert refused.value.status == 422
    page = httpx.get(json.loads(refused.value.body)["redirect_browser_to"]).text
    back = re.search(r'id="yes" href="([^"]+)"', page)
    assert back
    there = httpx.get(back[1].replace("&amp;", "&")).headers["location"]
    assert there.startswith("https://app.example.org/inside?")
    codes = {
        "init_code": flow.session_token_exchange_code or "",
        "return_to_code": parse_qs(urlsplit(there).query)["code"][0],
    }
    done = frontend.exchange_session_token(**codes)
    assert [each.provider for each in done.session.authentication_methods or []] == ["example"]
    with pytest.raises(ApiException) as refused:
        frontend.exchange_session_token(**codes)
    assert refused.value.status == 404
