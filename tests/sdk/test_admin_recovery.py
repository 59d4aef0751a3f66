"""The unmodified SDK: what an administrator makes lets somebody back in, and what was sent can be looked up."""

from __future__ import annotations

import uuid

import httpx
import ory_kratos_client as sdk
import pytest
from ory_kratos_client.exceptions import NotFoundException
from tests.sdk.conftest import Addresses


@pytest.fixture
def person(identities: sdk.IdentityApi) -> sdk.Identity:
    traits = {"email": f"{uuid.uuid4()}@example.org"}
    body = sdk.CreateIdentityBody(schema_id="person", traits=traits)
    return identities.create_identity(create_identity_body=body)


def test_an_administrators_code_lets_an_app_back_in(
    frontend: sdk.FrontendApi, identities: sdk.IdentityApi, person: sdk.Identity
) -> None:
    body = sdk.CreateRecoveryCodeForIdentityBody(identity_id=person.id, expires_in="1h", flow_type="api")
    made = identities.create_recovery_code_for_identity(create_recovery_code_for_identity_body=body)
    assert made.expires_at
    flow = made.recovery_link.partition("flow=")[2]
    entered = sdk.UpdateRecoveryFlowWithCodeMethod(method="code", code=made.recovery_code)
    recovered = frontend.update_recovery_flow(flow, sdk.UpdateRecoveryFlowBody(entered))
    told = [each.actual_instance for each in recovered.continue_with or []]
    token = next(each.ory_session_token for each in told if isinstance(each, sdk.ContinueWithSetOrySessionToken))
    session = frontend.to_session(x_session_token=token)
    assert session.identity
    assert session.identity.id == person.id
    assert [each.method for each in session.authentication_methods or []] == ["code_recovery"]


def test_an_administrators_link_opens_the_settings(
    served: Addresses, identities: sdk.IdentityApi, person: sdk.Identity
) -> None:
    body = sdk.CreateRecoveryLinkForIdentityBody(identity_id=person.id, expires_in="30m")
    made = identities.create_recovery_link_for_identity(create_recovery_link_for_identity_body=body)
    assert made.expires_at
    with httpx.Client() as browser:
        opened = browser.get(made.recovery_link, headers={"Accept": "application/json"})
        assert opened.status_code == 303
        session = browser.get(f"{served.public}/sessions/whoami").json()
    assert session["identity"]["id"] == person.id
    assert [each["method"] for each in session["authentication_methods"]] == ["link_recovery"]


def test_messages_are_listed_filtered_and_read(
    frontend: sdk.FrontendApi, courier: sdk.CourierApi, person: sdk.Identity
) -> None:
    address = person.traits["email"]
    flow = frontend.create_native_verification_flow()
    asked = sdk.UpdateVerificationFlowWithCodeMethod(method="code", email=address)
    frontend.update_verification_flow(flow.id, sdk.UpdateVerificationFlowBody(asked))
    [listed] = courier.list_courier_messages(recipient=address)
    assert (listed.template_type, listed.type, listed.channel) == ("verification_code_valid", "email", "email")
    assert courier.list_courier_messages(recipient=address, status="abandoned") == []
    assert listed.id in [each.id for each in courier.list_courier_messages(page_size=100)]
    read = courier.get_courier_message(id=listed.id)
    assert (read.id, read.recipient) == (listed.id, address)
    with pytest.raises(NotFoundException):
        courier.get_courier_message(id=str(uuid.uuid4()))
