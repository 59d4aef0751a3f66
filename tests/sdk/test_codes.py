"""The unmodified SDK drives the flows that send codes, as a native app does; the codes are read from the admin API."""

from __future__ import annotations

import re
import uuid

import ory_kratos_client as sdk
import pytest
from ory_kratos_client.exceptions import ApiException

PASSWORD = "blue-kettle-42-orbit"


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4()}@example.org"


def code_to(courier: sdk.CourierApi, email: str, template: str) -> str:
    """The code in the newest message to the address, which has to be of this template."""
    newest = courier.list_courier_messages(recipient=email)[0]
    assert newest.template_type == template
    found = re.search(r"\b\d{6}\b", newest.body)
    assert found
    return found[0]


def sign_up(frontend: sdk.FrontendApi, email: str) -> sdk.SuccessfulNativeRegistration:
    flow = frontend.create_native_registration_flow()
    body = sdk.UpdateRegistrationFlowWithPasswordMethod(method="password", password=PASSWORD, traits={"email": email})
    return frontend.update_registration_flow(flow.id, sdk.UpdateRegistrationFlowBody(body))


def sign_in(frontend: sdk.FrontendApi, email: str, password: str) -> sdk.SuccessfulNativeLogin:
    flow = frontend.create_native_login_flow()
    body = sdk.UpdateLoginFlowWithPasswordMethod(method="password", identifier=email, password=password)
    return frontend.update_login_flow(flow.id, sdk.UpdateLoginFlowBody(body))


def verify(frontend: sdk.FrontendApi, flow: str, **fields: str) -> sdk.VerificationFlow:
    body = sdk.UpdateVerificationFlowWithCodeMethod(method="code", **fields)
    return frontend.update_verification_flow(flow, sdk.UpdateVerificationFlowBody(body))


def test_an_address_is_verified(frontend: sdk.FrontendApi, courier: sdk.CourierApi, email: str) -> None:
    token = sign_up(frontend, email).session_token
    flow = frontend.create_native_verification_flow()
    sent = verify(frontend, flow.id, email=email)
    assert sent.state == "sent_email"
    assert frontend.get_verification_flow(id=flow.id).state == "sent_email"
    passed = verify(frontend, flow.id, code=code_to(courier, email, "verification_code_valid"))
    assert passed.state == "passed_challenge"
    identity = frontend.to_session(x_session_token=token).identity
    assert identity
    assert [address.verified for address in identity.verifiable_addresses or []] == [True]


def test_a_wrong_code_is_said_in_the_flow(frontend: sdk.FrontendApi, email: str) -> None:
    sign_up(frontend, email)
    flow = frontend.create_native_verification_flow()
    verify(frontend, flow.id, email=email)
    refused = verify(frontend, flow.id, code="000000")
    assert [message.id for message in refused.ui.messages or []] == [4070006]


def test_sign_up_tells_which_flow_proves_the_address(
    frontend: sdk.FrontendApi, courier: sdk.CourierApi, email: str
) -> None:
    told = [each.actual_instance for each in sign_up(frontend, email).continue_with or []]
    shown = [each for each in told if isinstance(each, sdk.ContinueWithVerificationUi)]
    assert [each.flow.verifiable_address for each in shown] == [email]
    passed = verify(frontend, shown[0].flow.id, code=code_to(courier, email, "verification_code_valid"))
    assert passed.state == "passed_challenge"


def test_a_lost_password_is_replaced(frontend: sdk.FrontendApi, courier: sdk.CourierApi, email: str) -> None:
    sign_up(frontend, email)
    flow = frontend.create_native_recovery_flow()
    asked = sdk.UpdateRecoveryFlowWithCodeMethod(method="code", email=email)
    assert frontend.update_recovery_flow(flow.id, sdk.UpdateRecoveryFlowBody(asked)).state == "sent_email"
    assert frontend.get_recovery_flow(id=flow.id).state == "sent_email"
    code = sdk.UpdateRecoveryFlowWithCodeMethod(method="code", code=code_to(courier, email, "recovery_code_valid"))
    recovered = frontend.update_recovery_flow(flow.id, sdk.UpdateRecoveryFlowBody(code))
    assert recovered.state == "passed_challenge"
    told = [each.actual_instance for each in recovered.continue_with or []]
    token = next(each.ory_session_token for each in told if isinstance(each, sdk.ContinueWithSetOrySessionToken))
    settings = next(each.flow.id for each in told if isinstance(each, sdk.ContinueWithSettingsUi))

    body = sdk.UpdateSettingsFlowWithPasswordMethod(method="password", password="another-kettle-43-orbit")
    saved = frontend.update_settings_flow(settings, sdk.UpdateSettingsFlowBody(body), x_session_token=token)
    assert saved.state == "success"
    assert sign_in(frontend, email, "another-kettle-43-orbit").session_token
    with pytest.raises(ApiException) as refused:
        sign_in(frontend, email, PASSWORD)
    assert refused.value.status == 400


def test_a_profile_is_changed(frontend: sdk.FrontendApi, email: str) -> None:
    token = sign_up(frontend, email).session_token
    flow = frontend.create_native_settings_flow(x_session_token=token)
    assert frontend.get_settings_flow(id=flow.id, x_session_token=token).id == flow.id
    traits = {"email": email, "name": {"first": "Ann"}}
    body = sdk.UpdateSettingsFlowWithProfileMethod(method="profile", traits=traits)
    saved = frontend.update_settings_flow(flow.id, sdk.UpdateSettingsFlowBody(body), x_session_token=token)
    assert (saved.state, saved.identity.traits) == ("success", traits)


def test_sign_up_and_sign_in_by_code(frontend: sdk.FrontendApi, courier: sdk.CourierApi, email: str) -> None:
    flow = frontend.create_native_registration_flow()

    def send(**code: str) -> sdk.SuccessfulNativeRegistration:
        body = sdk.UpdateRegistrationFlowWithCodeMethod(method="code", traits={"email": email}, **code)
        return frontend.update_registration_flow(flow.id, sdk.UpdateRegistrationFlowBody(body))

    with pytest.raises(ApiException) as asked:
        send()
    assert asked.value.status == 400
    registered = send(code=code_to(courier, email, "registration_code_valid"))
    assert registered.session_token

    login = frontend.create_native_login_flow()

    def enter(**code: str) -> sdk.SuccessfulNativeLogin:
        body = sdk.UpdateLoginFlowWithCodeMethod(method="code", csrf_token="", identifier=email, **code)
        return frontend.update_login_flow(login.id, sdk.UpdateLoginFlowBody(body))

    with pytest.raises(ApiException) as sent:
        enter()
    assert sent.value.status == 400
    signed_in = enter(code=code_to(courier, email, "login_code_valid"))
    assert signed_in.session.identity
    assert signed_in.session.identity.id == registered.identity.id
