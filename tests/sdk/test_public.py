"""The unmodified SDK drives the public API, as a native app does."""

from __future__ import annotations

import json
import uuid

import ory_kratos_client as sdk
import pytest
from ory_kratos_client.exceptions import ApiException

PASSWORD = "blue-kettle-42-orbit"


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4()}@example.org"


def sign_up(frontend: sdk.FrontendApi, email: str) -> sdk.SuccessfulNativeRegistration:
    flow = frontend.create_native_registration_flow()
    body = sdk.UpdateRegistrationFlowWithPasswordMethod(method="password", password=PASSWORD, traits={"email": email})
    return frontend.update_registration_flow(flow.id, sdk.UpdateRegistrationFlowBody(body))


def sign_in(frontend: sdk.FrontendApi, email: str, password: str = PASSWORD) -> sdk.SuccessfulNativeLogin:
    flow = frontend.create_native_login_flow()
    body = sdk.UpdateLoginFlowWithPasswordMethod(method="password", identifier=email, password=password)
    return frontend.update_login_flow(flow.id, sdk.UpdateLoginFlowBody(body))


def test_sign_up_whoami_sign_out_sign_in(frontend: sdk.FrontendApi, email: str) -> None:
    registered = sign_up(frontend, email)
    assert registered.identity.traits["email"] == email
    session = frontend.to_session(x_session_token=registered.session_token)
    assert session.active
    assert session.identity
    assert session.identity.id == registered.identity.id
    frontend.perform_native_logout(sdk.PerformNativeLogoutBody(session_token=registered.session_token or ""))
    with pytest.raises(ApiException) as refused:
        frontend.to_session(x_session_token=registered.session_token)
    assert refused.value.status == 401
    signed_in = sign_in(frontend, email)
    assert frontend.to_session(x_session_token=signed_in.session_token).id == signed_in.session.id


def test_a_stored_flow_can_be_fetched(frontend: sdk.FrontendApi) -> None:
    started = frontend.create_native_registration_flow()
    fetched = frontend.get_registration_flow(id=started.id)
    assert fetched.id == started.id
    assert [node.attributes.actual_instance for node in fetched.ui.nodes] == [
        node.attributes.actual_instance for node in started.ui.nodes
    ]
    login = frontend.create_native_login_flow()
    assert frontend.get_login_flow(id=login.id).ui.action == login.ui.action


def test_what_is_wrong_comes_as_a_flow(frontend: sdk.FrontendApi, email: str) -> None:
    with pytest.raises(ApiException) as refused:
        sign_in(frontend, email, "wrong")
    assert refused.value.status == 400
    flow = sdk.LoginFlow.from_dict(json.loads(refused.value.body))
    assert flow
    assert [message.id for message in flow.ui.messages or []] == [4000006]


def test_sessions_are_listed_and_ended(frontend: sdk.FrontendApi, email: str) -> None:
    current = sign_up(frontend, email).session_token
    others = [sign_in(frontend, email) for _ in range(3)]
    listed = frontend.list_my_sessions(x_session_token=current)
    assert {session.id for session in listed} == {other.session.id for other in others}
    frontend.disable_my_session(id=others[0].session.id, x_session_token=current)
    assert len(frontend.list_my_sessions(x_session_token=current)) == 2
    assert frontend.disable_my_other_sessions(x_session_token=current).count == 3  # those that ended before, too
    assert frontend.list_my_sessions(x_session_token=current) == []
    for other in others:
        with pytest.raises(ApiException) as refused:
            frontend.to_session(x_session_token=other.session_token)
        assert refused.value.status == 401
    assert frontend.to_session(x_session_token=current).active
