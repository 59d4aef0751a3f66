"""The reference UI's renderer, unmodified, draws every flow, and what it drew is filled in and sent. Contract 08."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from tests import codes, keys, recovery
from tests.keys import Authenticator
from tests.providers import Provider, configured, deployed
from tests.sdk.drawn import FORMS, PAGES, ReferenceUi, Visit, press, reference_ui
from tests.settings import CONFIG as FACTORS
from tests.settings import code_of, codes_of, secret_of
from tests.verification import BY_CODE
from tests.world import PASSWORD, Browser, Flow, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

EMAIL = "ann@example.org"


def _configuration() -> dict[str, Any]:
    """Every method, and the pages where the reference UI has them."""
    config: dict[str, Any] = {}
    for each in (FACTORS, recovery.RECOVERY, BY_CODE, codes.PASSWORDLESS, keys.config("second_factor", "passkey")):
        config = merged(config, each)
    config = merged(config, configured({"label": "Example"}))
    flows = {kind: {"ui_url": url} for kind, url in PAGES.items()}
    flows["registration"]["style"] = "profile_first"
    flows["settings"]["required_aal"] = "highest_available"
    whoami = {"whoami": {"required_aal": "highest_available"}}
    return merged(config, {"selfservice": {"flows": flows}, "session": whoami})


def _schema() -> dict[str, Any]:
    schema = copy.deepcopy(codes.schema())
    email = schema["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]
    email["credentials"] |= {"webauthn": {"identifier": True}, "passkey": {"display_name": True}}
    return schema


@pytest.fixture(scope="module")
def ui() -> Iterator[ReferenceUi]:
    with reference_ui() as running:
        yield running


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def world(sqlite_table: SqliteTable, provider: Provider) -> World:
    return deployed(sqlite_table, provider, _configuration(), _schema())


@pytest.fixture
def ann(world: World) -> Browser:
    return Browser(world)


def signed_up(client: Browser) -> Browser:
    reply = client.sign_up(EMAIL)
    assert reply.location == "https://app.example.org/", reply.body
    return client


# --- what is drawn ---------------------------------------------------------------------------------------------------


def _names(flow: Flow) -> set[str]:
    inputs = [node["attributes"] for node in flow.document["ui"]["nodes"] if node["type"] == "input"]
    return {each["name"] for each in inputs}


@pytest.mark.parametrize("kind", FORMS)
def test_every_field_and_button_of_a_form_is_drawn(ui: ReferenceUi, ann: Browser, kind: str) -> None:
    visit = Visit(ui, ann, kind)
    assert _names(visit.flow) == visit.page.names() - {""}
    assert {form.action for form in visit.page.forms} == {visit.flow.document["ui"]["action"]}
    assert {form.method.upper() for form in visit.page.forms} == {"POST"}


def test_every_field_and_button_of_the_settings_is_drawn(ui: ReferenceUi, ann: Browser) -> None:
    visit = Visit(ui, signed_up(ann), "settings")
    assert _names(visit.flow) == visit.page.names() - {""}
    assert [image["src"][:22] for image in visit.page.images] == ["data:image/png;base64,"]
    assert secret_of(visit.flow) in visit.page.text


@pytest.mark.parametrize(
    ("kind", "trigger", "function"),
    [
        ("login", "passkey_login_trigger", "oryPasskeyLogin"),
        ("settings", "passkey_register_trigger", "oryPasskeySettingsRegistration"),
        ("settings", "webauthn_register_trigger", "oryWebAuthnRegistration"),
    ],
)
def test_a_button_for_keys_calls_what_the_script_of_the_page_defines(
    ui: ReferenceUi, ann: Browser, kind: str, trigger: str, function: str
) -> None:
    """Of the script and of `onclick` the UI's own pages take care: its renderer draws no handlers."""
    visit = Visit(ui, signed_up(ann) if kind == "settings" else ann, kind)
    assert visit.page.form_with(trigger).button(trigger)["type"] == "button"
    attributes = visit.flow.nodes[trigger]["attributes"]
    assert (attributes["onclickTrigger"], f"window.{function}(" in attributes["onclick"]) == (function, True)
    script = visit.flow.nodes["webauthn_script"]["attributes"]
    served = ann.get(script["src"], Origin="https://app.example.org")
    digest = base64.b64encode(hashlib.sha512(served.body).digest()).decode()
    assert (script["crossorigin"], script["integrity"]) == ("anonymous", f"sha512-{digest}")
    assert f"window.{function}" in served.body.decode()


# --- what is filled in -----------------------------------------------------------------------------------------------


def test_somebody_signs_up_in_two_steps(ui: ReferenceUi, ann: Browser) -> None:
    visit = Visit(ui, ann, "registration")
    visit.press("method", "profile", traits__email=EMAIL, traits__name__first="Ann")
    assert visit.says == [1040009]
    visit.press("screen", "previous")
    assert "traits.name.first" in visit.page.names()
    visit.press("method", "profile", traits__email=EMAIL, traits__name__first="Ann")
    reply = visit.press("method", "password", password=PASSWORD)
    assert reply.location == "https://app.example.org/"
    assert ann.whoami().json["identity"]["traits"] == {"email": EMAIL, "name": {"first": "Ann"}}


def test_somebody_signs_up_with_a_code(ui: ReferenceUi, ann: Browser) -> None:
    visit = Visit(ui, ann, "registration")
    visit.press("method", "profile", traits__email=EMAIL)
    visit.press("method", "code")
    assert visit.says == [1040005]
    visit.press("resend", "code")
    visit.press("method", "code", code=codes.last_code(ann.world, EMAIL))
    assert ann.whoami().status == 200


def test_somebody_signs_up_with_a_passkey(ui: ReferenceUi, ann: Browser) -> None:
    visit = Visit(ui, ann, "registration")
    visit.press("method", "profile", traits__email=EMAIL)
    made = Authenticator().create(visit.flow.nodes["passkey_create_data"]["attributes"]["value"])
    # What the script does: the answer goes into its field, and the form is sent.
    form = visit.page.form_with("passkey_register_trigger")
    form.buttons.append({"name": "method", "value": "passkey"})
    press(ann, form, "method", "passkey", passkey_register=made)
    assert ann.whoami().status == 200


def test_somebody_signs_in_with_a_password(ui: ReferenceUi, ann: Browser) -> None:
    ann.world.identity(EMAIL)
    visit = Visit(ui, ann, "login")
    visit.press("method", "password", identifier=EMAIL, password="wrong")
    assert visit.says == [4000006]
    visit.press("method", "password", identifier=EMAIL, password=PASSWORD)
    assert ann.whoami().status == 200


def test_somebody_signs_in_with_a_code(ui: ReferenceUi, ann: Browser) -> None:
    ann.world.identity(EMAIL)
    visit = Visit(ui, ann, "login")
    visit.press("method", "code", identifier=EMAIL)
    assert visit.says == [1010014]
    visit.press("method", "code", code=codes.another(codes.last_code(ann.world, EMAIL)))
    assert visit.says == [4010008]
    visit.press("method", "code", code=codes.last_code(ann.world, EMAIL))
    assert ann.whoami().status == 200


def test_somebody_signs_in_at_a_provider(ui: ReferenceUi, ann: Browser, provider: Provider) -> None:
    visit = Visit(ui, ann, "login")
    reply = visit.press("provider", "example")
    ann.get(provider.approves(reply.location, email=EMAIL))
    assert ann.whoami().json["identity"]["traits"]["email"] == EMAIL


def test_an_account_at_a_provider_is_linked_and_unlinked(ui: ReferenceUi, ann: Browser, provider: Provider) -> None:
    visit = Visit(ui, signed_up(ann), "settings")
    reply = visit.press("link", "example")
    assert ann.get(provider.approves(reply.location, email=EMAIL)).status == 303
    visit = Visit(ui, ann, "settings")
    visit.press("unlink", "example")
    assert "link" in visit.page.names()


def test_a_profile_and_a_password_are_changed(ui: ReferenceUi, ann: Browser) -> None:
    visit = Visit(ui, signed_up(ann), "settings")
    visit.press("method", "profile", traits__name__first="Ann")
    assert visit.says == [1050001]
    visit.press("method", "password", password="another-kettle-43-orbit")
    assert visit.says == [1050001]
    assert ann.whoami().json["identity"]["traits"]["name"] == {"first": "Ann"}


def test_an_authenticator_app_is_linked_asked_for_and_unlinked(ui: ReferenceUi, ann: Browser) -> None:
    visit = Visit(ui, signed_up(ann), "settings")
    secret = secret_of(visit.flow)
    visit.press("method", "totp", totp_code="000000")
    assert visit.flow.messages_at("totp_code") == [4000008]
    visit.press("method", "totp", totp_code=code_of(ann.world, secret))
    assert visit.says == [1050001]

    bea = Browser(ann.world)
    bea.sign_in(EMAIL)
    visit = Visit(ui, bea, "login", aal="aal2", refresh="", return_to="", organization="", via="")
    visit.press("method", "totp", totp_code=code_of(ann.world, secret, 1))
    visit = Visit(ui, bea, "settings")
    visit.press("totp_unlink", "true")
    assert "totp_code" in visit.page.names()


def test_backup_codes_are_made_shown_used_and_given_up(ui: ReferenceUi, ann: Browser) -> None:
    visit = Visit(ui, signed_up(ann), "settings")
    visit.press("lookup_secret_regenerate")
    made = codes_of(visit.flow)
    assert all(code in visit.page.text for code in made)
    visit.press("lookup_secret_confirm")
    visit.press("lookup_secret_reveal")
    assert all(code in visit.page.text for code in made)

    bea = Browser(ann.world)
    bea.sign_in(EMAIL)
    visit = Visit(ui, bea, "login", aal="aal2")
    visit.press("method", "lookup_secret", lookup_secret=made[0])
    visit = Visit(ui, bea, "settings")
    visit.press("lookup_secret_disable")
    assert "lookup_secret_regenerate" in visit.page.names()


def test_security_keys_and_passkeys_are_added_and_removed(ui: ReferenceUi, ann: Browser) -> None:
    key, visit = Authenticator(), Visit(ui, signed_up(ann), "settings")
    for trigger, field, options in (
        ("webauthn_register_trigger", "webauthn_register", "webauthn_register_trigger"),
        ("passkey_register_trigger", "passkey_settings_register", "passkey_create_data"),
    ):
        form = visit.page.form_with(trigger)
        made = key.create(visit.flow.nodes[options]["attributes"]["value"].replace("window.", ""))
        typed = {"webauthn_register_displayname": "My key"} if field == "webauthn_register" else {}
        form.buttons.append({"name": "method", "value": field.partition("_")[0]})
        press(ann, form, "method", form.buttons[-1]["value"], **{field: made}, **typed)
        visit = Visit(ui, ann, "settings")
    assert "My key" in visit.page.text
    visit.press("webauthn_remove")
    visit.press("passkey_remove")
    assert {"webauthn_remove", "passkey_remove"}.isdisjoint(visit.page.names())


def test_a_lost_password_is_replaced(ui: ReferenceUi, ann: Browser) -> None:
    ann.world.identity(EMAIL)
    visit = Visit(ui, ann, "recovery")
    visit.press("method", "code", email=EMAIL)
    assert visit.says == [1060003]
    visit.press("email", EMAIL)  # once more
    visit.press("method", "code", code=recovery.last_code(ann.world, EMAIL))
    assert (visit.kind, visit.says) == ("settings", [1060001])
    visit.press("method", "password", password="another-kettle-43-orbit")
    assert visit.says == [1050001]


def test_an_address_is_verified(ui: ReferenceUi, ann: Browser) -> None:
    ann.world.identity(EMAIL)
    visit = Visit(ui, ann, "verification")
    visit.press("method", "code", email=EMAIL)
    visit.press("email", EMAIL)
    visit.press("method", "code", code=recovery.last_code(ann.world, EMAIL))
    assert visit.says == [1080002]
    assert visit.flow.document["ui"]["method"] == "GET"
    assert f'href="{visit.flow.document["ui"]["action"]}"' in visit.page.html
