from typing import Any

import pytest
from tests.config.documents import MINIMAL, document

from vestibule.config.document import merged
from vestibule.config.model import Config


def config(**overlay: Any) -> Config:
    return Config.model_validate(merged(MINIMAL, overlay))


def test_the_session_cookie_takes_what_it_lacks_from_cookies():
    cookies = {"domain": "example.org", "path": "/auth", "same_site": "Strict", "secure": True}
    cookie = config(cookies=cookies).session.cookie
    assert (cookie.domain, cookie.path, cookie.same_site, cookie.secure) == ("example.org", "/auth", "Strict", True)


def test_the_session_cookie_keeps_what_it_has():
    own = {"cookie": {"domain": "a.example.org", "path": "/a", "same_site": "None", "secure": False}}
    cookie = config(cookies={"domain": "example.org", "secure": True}, session=own).session.cookie
    assert (cookie.domain, cookie.path, cookie.same_site, cookie.secure) == ("a.example.org", "/a", "None", False)


@pytest.mark.parametrize(("dev", "secure"), [(True, False), (False, True)])
def test_cookies_are_secure_except_in_development(dev: bool, secure: bool):
    found = config(dev=dev)
    assert (found.cookies.secure, found.session.cookie.secure) == (secure, secure)


def test_cookie_secrets_are_the_default_ones_unless_there_are_others():
    assert config(secrets={"default": ["d" * 16]}).secrets.cookie == ("d" * 16,)
    assert config(secrets={"default": ["d" * 16], "cookie": ["c" * 16]}).secrets.cookie == ("c" * 16,)


@pytest.mark.parametrize(
    ("serve", "url"),
    [
        ({}, "http://127.0.0.1:4433/"),
        ({"port": 80}, "http://127.0.0.1:80/"),
        ({"host": "auth.internal", "port": 8080}, "http://auth.internal:8080/"),
        ({"host": "::1"}, "http://[::1]:4433/"),
        ({"base_url": "https://auth.example.org/base"}, "https://auth.example.org/base"),
    ],
)
def test_the_public_address_comes_from_host_and_port(serve: dict[str, Any], url: str):
    assert config(serve={"public": serve}).serve.public.base_url == url


@pytest.mark.parametrize(
    ("registration", "style"),
    [
        ({"enable_legacy_one_step": True}, "unified"),
        ({"enable_legacy_one_step": True, "style": "profile_first"}, "unified"),
        ({"enable_legacy_one_step": False, "style": "profile_first"}, "profile_first"),
    ],
)
def test_the_legacy_switch_beats_the_style_of_registration(registration: dict[str, Any], style: str):
    assert config(selfservice={"flows": {"registration": registration}}).selfservice.flows.registration.style == style


@pytest.mark.parametrize(("dev", "cost", "effective"), [(True, 4, 4), (False, 4, 12), (False, 14, 14)])
def test_a_low_bcrypt_cost_holds_in_development_only(dev: bool, cost: int, effective: int):
    assert config(dev=dev, hashers={"bcrypt": {"cost": cost}}).hashers.bcrypt.cost == effective


@pytest.mark.parametrize(("dev", "trusted"), [(True, True), (False, False)])
def test_forwarded_headers_count_in_development(dev: bool, trusted: bool):
    assert config(dev=dev).vestibule.trusted_proxy is trusted


def test_a_method_has_its_own_hooks_and_return_address():
    after = {"password": {"hooks": [{"hook": "session"}], "default_browser_return_url": "/welcome"}}
    found = config(selfservice={"flows": {"registration": {"after": after}}}).selfservice.flows.registration.after
    assert [hook.hook for hook in found.method("password").hooks] == ["session"]
    assert found.method("password").default_browser_return_url == "/welcome"
    assert found.method("code").hooks == ()
    assert found.method("profile").hooks == ()
    assert found.method("hooks").hooks == ()


def test_the_document_itself_is_not_changed():
    content = document("/cookies/domain", "example.org")
    Config.model_validate(content)
    assert content == document("/cookies/domain", "example.org")
