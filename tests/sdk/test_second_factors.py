"""The unmodified SDK takes on second factors, shows them, and asks for signed tokens."""

from __future__ import annotations

import json
import time
import uuid

import ory_kratos_client as sdk
import pyotp
import pytest
from joserfc import jwt
from ory_kratos_client.exceptions import ApiException
from tests.sdk.conftest import KEY
from tests.sdk.test_public import sign_in, sign_up


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4()}@example.org"


def changed(frontend: sdk.FrontendApi, token: str, body: object) -> sdk.SettingsFlow:
    flow = frontend.create_native_settings_flow(x_session_token=token)
    return frontend.update_settings_flow(flow.id, sdk.UpdateSettingsFlowBody(body), x_session_token=token)


def text_of(flow: sdk.SettingsFlow, name: str) -> dict:
    """The context of the text that the form shows under a name."""
    shown = [node.attributes.actual_instance for node in flow.ui.nodes]
    return next(each.text.context for each in shown if getattr(each, "id", None) == name)


def enrolled(frontend: sdk.FrontendApi, token: str) -> pyotp.TOTP:
    flow = frontend.create_native_settings_flow(x_session_token=token)
    app = pyotp.TOTP(text_of(flow, "totp_secret_key")["secret"])
    body = sdk.UpdateSettingsFlowWithTotpMethod(method="totp", totp_code=app.now())
    done = frontend.update_settings_flow(flow.id, sdk.UpdateSettingsFlowBody(body), x_session_token=token)
    assert done.state == "success"
    return app


def stepped_up(frontend: sdk.FrontendApi, token: str, body: object) -> sdk.SuccessfulNativeLogin:
    flow = frontend.create_native_login_flow(aal="aal2", x_session_token=token)
    return frontend.update_login_flow(flow.id, sdk.UpdateLoginFlowBody(body), x_session_token=token)


def test_an_app_is_taken_on_and_asked_for(frontend: sdk.FrontendApi, email: str) -> None:
    token = sign_up(frontend, email).session_token or ""
    app = enrolled(frontend, token)
    assert frontend.to_session(x_session_token=token).authenticator_assurance_level == "aal2"
    again = sign_in(frontend, email)
    with pytest.raises(ApiException) as refused:
        frontend.to_session(x_session_token=again.session_token)
    error = json.loads(refused.value.body)
    assert (refused.value.status, error["error"]["id"]) == (403, "session_aal2_required")
    code = app.at(int(time.time()) + 30)
    body = sdk.UpdateLoginFlowWithTotpMethod(method="totp", totp_code=code)
    done = stepped_up(frontend, again.session_token or "", body)
    assert done.session.authenticator_assurance_level == "aal2"
    methods = frontend.to_session(x_session_token=again.session_token).authentication_methods or []
    assert [each.method for each in methods] == ["password", "totp"]


def test_backup_codes_are_made_confirmed_and_used_once(frontend: sdk.FrontendApi, email: str) -> None:
    token = sign_up(frontend, email).session_token or ""
    method = sdk.UpdateSettingsFlowWithLookupMethod
    shown = changed(frontend, token, method(method="lookup_secret", lookup_secret_regenerate=True))
    codes = [each["context"]["secret"] for each in text_of(shown, "lookup_secret_codes")["secrets"]]
    assert len(codes) == 12
    body = sdk.UpdateSettingsFlowBody(method(method="lookup_secret", lookup_secret_confirm=True))
    flow_id = shown.ui.action.partition("flow=")[2]
    assert frontend.update_settings_flow(flow_id, body, x_session_token=token).state == "success"
    one, other = (sign_in(frontend, email).session_token or "" for _ in range(2))
    used = sdk.UpdateLoginFlowWithLookupSecretMethod(method="lookup_secret", lookup_secret=codes[0])
    assert stepped_up(frontend, one, used).session.authenticator_assurance_level == "aal2"
    with pytest.raises(ApiException) as refused:
        stepped_up(frontend, other, used)
    assert [message["id"] for message in json.loads(refused.value.body)["ui"]["messages"]] == [4000012]


def test_a_session_comes_as_a_signed_token(frontend: sdk.FrontendApi, email: str) -> None:
    token = sign_up(frontend, email).session_token
    session = frontend.to_session(x_session_token=token, tokenize_as="signed")
    claims = jwt.decode(session.tokenized or "", KEY, algorithms=["ES256"]).claims
    assert session.identity
    assert (claims["sid"], claims["sub"]) == (session.id, session.identity.id)
    with pytest.raises(ApiException) as refused:
        frontend.to_session(x_session_token=token, tokenize_as="unheard-of")
    assert refused.value.status == 400
