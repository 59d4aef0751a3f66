"""What a key takes and what it refuses."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.config.documents import config, document

from vestibule.config.explain import explained
from vestibule.config.model import Config
from vestibule.config.values import parse_duration, parse_size

HOOK = "/selfservice/flows/login/after/hooks/0"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400), ("500ms", 0.5), ("0s", 0), ("1m1m", 120), ("1500us", 0.0015), ("999ns", 0), ("2000ns", 0.000002)],
)
def test_durations_are_gos(text: str, seconds: float):
    assert parse_duration(text) == timedelta(seconds=seconds)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(["ns", "us", "ms", "s", "m", "h"])), min_size=1))
def test_every_sum_of_parts_is_a_duration(parts: list[tuple[int, str]]):
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert parse_duration(text) >= timedelta(0)


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1.5h", "1d", "1h ", "one hour", "1h\n", "1m30", "9" * 30 + "h"])
def test_other_texts_are_no_durations(text: str):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "size"), [("0B", 0), ("64KB", 65536), ("8MB", 8 << 20), ("1GB", 1 << 30)])
def test_sizes_count_in_powers_of_1024(text: str, size: int):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "8", "8M", "8mb", "1.5GB", "-1MB", "8MB "])
def test_other_texts_are_no_sizes(text: str):
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


REFUSED: list[tuple[str, Any, str]] = [
    ("/dev", "yes", "is neither true nor false"),
    ("/dsn", "", "is shorter than 1 characters"),
    ("/nonsense", 1, "is no key here"),
    ("/sesion", {}, "is no key here; did you mean session?"),
    ("/version", "1.0", "does not match"),
    ("/log/level", "verbose", "is none of 'trace', 'debug'"),
    ("/serve", [], "is no mapping"),
    ("/serve/public/port", 0, "is less than 1"),
    ("/serve/public/port", 65536, "is more than 65535"),
    ("/serve/public/port", "4433", "is no whole number"),
    ("/serve/public/base_url", "example.org", "expected an absolute address"),
    ("/serve/public/base_url", "https://", "expected an absolute address"),
    ("/serve/public/cors/allowed_origins", "https://example.org", "is no list"),
    ("/serve/public/cors/allowed_origins/0", "example.org", "an origin is"),
    ("/serve/public/cors/allowed_origins/0", "https://*.*.org", "an origin is"),
    ("/serve/public/cors/allowed_methods/0", "FETCH", "is none of"),
    ("/serve/public/cors/max_age", -1, "is less than 0"),
    ("/serve/admin/cors", {}, "is no key here"),
    ("/identity/schemas", [], "has fewer than 1 entries"),
    ("/identity/schemas/0/url", "ftp://example.org/x", "expected file://PATH"),
    ("/identity/schemas/0/url", "", "expected file://PATH"),
    ("/identity/schemas/0/url", "file://", "expected file://PATH"),
    ("/selfservice/default_browser_return_url", "https://exa mple.org", "an address has no blanks"),
    ("/selfservice/default_browser_return_url", "/\\evil.org", "an address has no blanks"),
    ("/selfservice/default_browser_return_url", "https:///path", "an http address names a host"),
    ("/selfservice/allowed_return_urls/0", "", "an address has no blanks"),
    ("/selfservice/flows/login/lifespan", 60, "a duration is a text"),
    ("/selfservice/flows/login/lifespan", "60", "a duration is whole numbers"),
    ("/selfservice/flows/login/style", "profile_first", "is none of"),
    ("/selfservice/flows/login/enabled", True, "is no key here"),
    ("/selfservice/flows/recovery/use", "sms", "is none of"),
    ("/selfservice/flows/recovery/after/password", {}, "is no key here"),
    ("/selfservice/flows/registration/after/totp", {}, "is no key here"),
    ("/selfservice/flows/settings/after/code", {}, "is no key here"),
    ("/selfservice/flows/settings/required_aal", "aal2", "is none of"),
    ("/selfservice/methods/password/config/min_password_length", 5, "is less than 6"),
    ("/selfservice/methods/password/config/max_breaches", 101, "is more than 100"),
    ("/selfservice/methods/password/config/max_breaches", -1, "is less than 0"),
    ("/selfservice/methods/password/config/migrate_hook/config/method", "GET", "is none of 'POST'"),
    ("/selfservice/methods/code/config/max_submissions", 0, "is less than 1"),
    ("/selfservice/methods/code/config/max_submissions", 256, "is more than 255"),
    ("/selfservice/methods/oidc/config/providers/0/provider", "myspace", "is none of"),
    ("/session/cookie/same_site", "lax", "is none of"),
    ("/session/whoami/tokenizer/templates/plain", {}, "is required"),
    ("/cookies/secure", "maybe", "is neither true nor false"),
    ("/secrets/cookie/0", "s" * 15, "at least 16 characters"),
    ("/secrets/default/0", "s" * 15, "at least 16 characters"),
    ("/secrets/pagination/0", "s" * 15, "at least 16 characters"),
    ("/secrets/cipher/0", "s" * 31, "exactly 32 characters"),
    ("/secrets/cipher/0", "s" * 33, "exactly 32 characters"),
    ("/hashers/algorithm", "scrypt", "is none of"),
    ("/hashers/bcrypt/cost", 3, "is less than 4"),
    ("/hashers/bcrypt/cost", 32, "is more than 31"),
    ("/hashers/argon2/memory", 1024, "a size is a text"),
    ("/hashers/argon2/memory", "128", "a size is a whole number with a unit"),
    ("/hashers/argon2/iterations", 0, "is less than 1"),
    ("/hashers/argon2/parallelism", 0, "is less than 1"),
    ("/hashers/argon2/salt_length", 15, "is less than 16"),
    ("/hashers/argon2/key_length", 15, "is less than 16"),
    ("/ciphers/algorithm", "des", "is none of"),
    ("/courier/delivery_strategy", "pigeon", "is none of"),
    ("/courier/smtp/connection_uri", "http://example.org", "does not match"),
    ("/courier/smtp/from_address", "nobody", "does not match"),
    ("/courier/channels/0", {"id": "email", "request_config": {}}, "is none of 'sms'"),
    ("/courier/channels/0", {"id": "sms"}, "is required"),
    ("/courier/templates/recovery/email", {}, "is no key here"),
    ("/oauth2_provider/url", "/oauth2", "expected an absolute address"),
    ("/feature_flags/cacheable_session", True, "is no key here; did you mean cacheable_sessions?"),
    ("/feature_flags/password_profile_registration_node_group", "profile", "is none of"),
    ("/preview/default_read_consistency_level", "weak", "is none of"),
    ("/database/cleanup/batch_size", 0, "is less than 1"),
    ("/expose-metrics-port", 70000, "is more than 65535"),
    (HOOK, {"hook": "sessions"}, "there is no such hook; did you mean session?"),
    (HOOK, {}, "has no hook"),
    (HOOK, "session", "is no mapping"),
    (HOOK, {"hook": "verification", "config": {}}, "is no key here"),
    (HOOK, {"hook": "web_hook"}, "is required"),
    (HOOK, {"hook": "web_hook", "config": {"method": "POST"}}, "is required"),
    (HOOK, {"hook": "web_hook", "config": {"url": "https://example.org"}}, "is required"),
    (HOOK, {"hook": "web_hook", "config": {"url": "/x", "method": "POST"}}, "expected an absolute address"),
    (HOOK, {"hook": "web_hook", "config": {"url": "https://a.b", "method": "POST", "weight": 1}}, "is no key here"),
    (
        HOOK,
        {"hook": "web_hook", "config": {"url": "https://a.b", "method": "POST", "auth": {"type": "x"}}},
        "is none of",
    ),
    ("/vestibule/guesses/free", 0, "is less than 1"),
    ("/vestibule/pages/light/accent", "red", "does not match"),
    ("/vestibule/pages/radius", "1px; color: red", "does not match"),
    ("/vestibule/pages/languages/0", "tlh", "is none of"),
    ("/vestibule/pages/name", "", "is shorter than 1 characters"),
    ("/vestibule/admin_keys/0", "short", "at least 16 characters"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), REFUSED)
def test_a_value_out_of_range_is_an_error_that_names_the_path(path: str, value: Any, sentence: str):
    content = document(path, value)
    with pytest.raises(ValidationError) as raised:
        Config.model_validate(content)
    found = [finding for finding in explained(raised.value, content) if finding.path.startswith(path)]
    assert any(sentence in finding.message for finding in found), explained(raised.value, content)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/selfservice/default_browser_return_url", "/dashboard"),
        ("/selfservice/allowed_return_urls/0", "https://*.example.org/inside"),
        ("/selfservice/allowed_return_urls/0", "org.example.app://callback"),
        ("/selfservice/flows/login/ui_url", "/login?embedded"),
        ("/identity/schemas/0/url", "base64://e30="),
        ("/identity/schemas/0/url", "https://example.org/schema.json"),
        ("/identity/schemas/0/url", "schemas/person.schema.json"),
        ("/cookies/secure", "false"),
        ("/cookies/secure", False),
        ("/secrets/cipher/0", "secret://ssm/cipher"),
        ("/secrets/cookie/0", "env://COOKIE"),
        ("/courier/smtp/connection_uri", "smtps://user:secret@mail.example.org:465/?skip_ssl_verify=true"),
        ("/version", "v1.3.0"),
        ("/version", ""),
        ("/tracing", {"provider": "jaeger", "providers": {}}),
        (HOOK, {"hook": "b2b_sso", "config": {"anything": 1}}),
        ("/vestibule/pages/dark/accent", "#abc"),
    ],
)
def test_a_value_in_range_is_taken(path: str, value: Any):
    assert isinstance(config(path, value), Config)
