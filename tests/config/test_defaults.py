"""Every key of contract 05 and ours, with the value that holds when nobody sets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from tests.config.documents import config

from vestibule.config import tree
from vestibule.config.hooks import WebHookConfig
from vestibule.config.model import Config
from vestibule.config.oidc import Provider
from vestibule.config.values import Section

HOUR = timedelta(hours=1)
MB = 1024 * 1024

GIVEN = {"dsn", "dev", "identity.default_schema_id", "selfservice.default_browser_return_url"}
"""What the minimal document sets."""

BY_METHOD = {
    "login": ("password", "webauthn", "passkey", "oidc", "code", "totp", "lookup_secret"),
    "registration": ("password", "webauthn", "passkey", "oidc", "code"),
    "settings": ("password", "profile", "totp", "oidc", "webauthn", "passkey", "lookup_secret"),
    "recovery": (),
    "verification": (),
}

HOOKS = {
    f"selfservice.flows.{flow}.{place}": default
    for flow, methods in BY_METHOD.items()
    for places in [["after", *(f"after.{method}" for method in methods)]]
    for place, default in [
        ("before.hooks", ()),
        *((f"{place}.hooks", ()) for place in places),
        *((f"{place}.default_browser_return_url", None) for place in places),
    ]
}

FLOWS = {
    "login.ui_url": None,
    "login.lifespan": HOUR,
    "login.style": "unified",
    "registration.enabled": True,
    "registration.login_hints": False,
    "registration.ui_url": None,
    "registration.lifespan": HOUR,
    "registration.style": "profile_first",
    "registration.enable_legacy_one_step": False,
    "settings.ui_url": None,
    "settings.lifespan": HOUR,
    "settings.privileged_session_max_age": HOUR,
    "settings.required_aal": "highest_available",
    "recovery.enabled": False,
    "recovery.ui_url": None,
    "recovery.lifespan": HOUR,
    "recovery.use": "code",
    "recovery.notify_unknown_recipients": False,
    "verification.enabled": False,
    "verification.ui_url": None,
    "verification.lifespan": HOUR,
    "verification.use": "code",
    "verification.notify_unknown_recipients": False,
    "logout.after.default_browser_return_url": None,
    "logout.clear_browser_data": False,
    "error.ui_url": None,
}

METHODS = {
    "profile.enabled": True,
    "link.enabled": False,
    "link.config.base_url": None,
    "link.config.lifespan": HOUR,
    "code.enabled": True,
    "code.passwordless_enabled": False,
    "code.mfa_enabled": False,
    "code.config.lifespan": HOUR,
    "code.config.max_submissions": 5,
    "code.config.missing_credential_fallback_enabled": False,
    "password.enabled": True,
    "password.config.haveibeenpwned_host": "api.pwnedpasswords.com",
    "password.config.haveibeenpwned_enabled": True,
    "password.config.max_breaches": 0,
    "password.config.ignore_network_errors": True,
    "password.config.min_password_length": 8,
    "password.config.identifier_similarity_check_enabled": True,
    "password.config.password_profile_registration_node_group": "default",
    "password.config.migrate_hook.enabled": False,
    "password.config.migrate_hook.config.url": None,
    "password.config.migrate_hook.config.method": "POST",
    "password.config.migrate_hook.config.headers": {},
    "password.config.migrate_hook.config.body": None,
    "password.config.migrate_hook.config.auth": None,
    "password.config.migrate_hook.config.emit_analytics_event": True,
    "password.config.migrate_hook.config.timeout": timedelta(seconds=30),
    "password.config.migrate_hook.config.retry.attempts": 3,
    "password.config.migrate_hook.config.retry.wait": timedelta(seconds=1),
    "password.config.migrate_hook.config.secrets": {},
    "totp.enabled": False,
    "totp.config.issuer": None,
    "lookup_secret.enabled": False,
    "webauthn.enabled": False,
    "webauthn.config.passwordless": False,
    "webauthn.config.rp.id": None,
    "webauthn.config.rp.display_name": None,
    "webauthn.config.rp.origin": None,
    "webauthn.config.rp.origins": None,
    "webauthn.config.rp.icon": None,
    "passkey.enabled": False,
    "passkey.config.rp.id": None,
    "passkey.config.rp.display_name": None,
    "passkey.config.rp.origins": (),
    "passkey.config.authenticator_selection.attachment": None,
    "passkey.config.authenticator_selection.resident_key": "required",
    "passkey.config.authenticator_selection.user_verification": "preferred",
    "passkey.config.attestation.preference": "none",
    "passkey.config.timeouts.registration": None,
    "passkey.config.timeouts.login": None,
    "oidc.enabled": False,
    "oidc.config.base_redirect_uri": None,
    "oidc.config.providers": (),
    "b2b.config.organizations": (),
    "saml.enabled": False,
    "saml.config": None,
    "captcha.enabled": False,
    "captcha.config": None,
    "deviceauthn.enabled": False,
    "deviceauthn.config": None,
}

SOURCES = ("email.subject", "email.body.plaintext", "email.body.html", "sms.body.plaintext")

TEMPLATES = {
    f"courier.templates.{name}.{source}": None
    for name in (
        *(f"{kind}.{case}" for kind in ("recovery", "recovery_code") for case in ("valid", "invalid")),
        *(f"{kind}.{case}" for kind in ("verification", "verification_code") for case in ("valid", "invalid")),
        "registration_code.valid",
        "login_code.valid",
        "verifiable_address_changed",
    )
    for source in SOURCES
}

REST = {
    "version": None,
    "revision": None,
    "log.level": "info",
    "log.leak_sensitive_values": False,
    "log.redaction_text": None,
    "log.format": None,
    **{
        f"serve.{side}.{key}": default
        for side in ("public", "admin")
        for key, default in {
            "host": "0.0.0.0",  # noqa: S104 - Kratos's default
            "socket.owner": "",
            "socket.group": "",
            "socket.mode": 0o755,
            "tls.key.path": None,
            "tls.key.base64": None,
            "tls.cert.path": None,
            "tls.cert.base64": None,
            "request_log.disable_for_health": False,
        }.items()
    },
    "serve.public.base_url": "http://127.0.0.1:4433/",
    "serve.admin.base_url": "http://127.0.0.1:4434/",
    "serve.public.port": 4433,
    "serve.admin.port": 4434,
    "serve.public.cors.enabled": False,
    "serve.public.cors.allowed_origins": ("*",),
    "serve.public.cors.allowed_methods": ("POST", "GET", "PUT", "PATCH", "DELETE"),
    "serve.public.cors.allowed_headers": (
        *("Authorization", "Content-Type", "Max-Age"),
        *("X-Session-Token", "X-XSRF-TOKEN", "X-CSRF-TOKEN"),
    ),
    "serve.public.cors.exposed_headers": ("Content-Type",),
    "serve.public.cors.allow_credentials": True,
    "serve.public.cors.options_passthrough": False,
    "serve.public.cors.debug": False,
    "serve.public.cors.max_age": 0,
    "selfservice.allowed_return_urls": (),
    "session.lifespan": timedelta(hours=24),
    "session.earliest_possible_extend": None,
    "session.cookie.name": "ory_kratos_session",
    "session.cookie.persistent": True,
    "session.cookie.domain": None,
    "session.cookie.path": "/",
    "session.cookie.same_site": "Lax",
    "session.cookie.secure": False,
    "session.whoami.required_aal": "highest_available",
    "session.whoami.tokenizer.templates": {},
    "cookies.domain": None,
    "cookies.path": "/",
    "cookies.same_site": "Lax",
    "cookies.secure": False,
    "secrets.default": (),
    "secrets.cookie": (),
    "secrets.cipher": (),
    "secrets.pagination": (),
    "hashers.algorithm": "bcrypt",
    "hashers.bcrypt.cost": 12,
    "hashers.argon2.memory": 128 * MB,
    "hashers.argon2.iterations": 1,
    "hashers.argon2.parallelism": 4,
    "hashers.argon2.salt_length": 16,
    "hashers.argon2.key_length": 32,
    "hashers.argon2.expected_duration": timedelta(milliseconds=500),
    "hashers.argon2.expected_deviation": timedelta(milliseconds=500),
    "hashers.argon2.dedicated_memory": 1024 * MB,
    "ciphers.algorithm": "noop",
    "courier.delivery_strategy": "smtp",
    "courier.message_retries": 5,
    "courier.worker.pull_count": 10,
    "courier.worker.pull_wait": timedelta(seconds=1),
    "courier.template_override_path": None,
    "courier.smtp.connection_uri": None,
    "courier.smtp.client_cert_path": "",
    "courier.smtp.client_key_path": "",
    "courier.smtp.from_address": "no-reply@ory.kratos.sh",
    "courier.smtp.from_name": None,
    "courier.smtp.headers": {},
    "courier.smtp.local_name": "localhost",
    "courier.http.request_config.url": None,
    "courier.http.request_config.method": "POST",
    "courier.http.request_config.headers": {},
    "courier.http.request_config.body": None,
    "courier.http.request_config.auth": None,
    "courier.channels": (),
    "oauth2_provider.url": None,
    "oauth2_provider.headers": {},
    "oauth2_provider.override_return_to": False,
    "security.account_enumeration.mitigate": False,
    "security.disallow_ref_in_identity_schemas": False,
    "clients.http.disallow_private_ip_ranges": False,
    "clients.http.private_ip_exception_urls": (),
    "clients.smtp.disallow_private_ip_ranges": False,
    "clients.web_hook.header_allowlist": (
        *("Accept", "Accept-Encoding", "Accept-Language", "Content-Length", "Content-Type", "Origin", "Priority"),
        *("Referer", "Sec-Ch-Ua", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode"),
        *("Sec-Fetch-Site", "Sec-Fetch-User", "True-Client-Ip", "User-Agent"),
    ),
    "database.cleanup.batch_size": 100,
    "database.cleanup.sleep.tables": timedelta(minutes=1),
    "database.cleanup.older_than": timedelta(0),
    "preview.default_read_consistency_level": "strong",
    "feature_flags.cacheable_sessions": False,
    "feature_flags.cacheable_sessions_max_age": None,
    "feature_flags.use_continue_with_transitions": False,
    "feature_flags.choose_recovery_address": False,
    "feature_flags.legacy_continue_with_verification_ui": False,
    "feature_flags.legacy_require_verified_login_error": False,
    "feature_flags.faster_session_extend": False,
    "feature_flags.password_profile_registration_node_group": "default",
    "feature_flags.legacy_oidc_registration_node_group": False,
    "feature_flags.legacy_allow_insecure_origins": False,
    "feature_flags.refresh_login_choose_address": False,
    "organizations": (),
    "enterprise.identity_schema_fallback_url_template": None,
    "tracing": None,
    "help": False,
    "config": (),
    "sqa-opt-out": False,
    "watch-courier": False,
    "expose-metrics-port": 0,
    "vestibule.guesses.free": 10,
    "vestibule.guesses.first_wait": timedelta(seconds=1),
    "vestibule.guesses.max_wait": timedelta(minutes=15),
    "vestibule.guesses.cap": 100,
    "vestibule.codes_per_address": 5,
    "vestibule.breached_passwords.timeout": timedelta(seconds=1),
    "vestibule.pages.name": "Vestibule",
    "vestibule.pages.logo": None,
    **{
        f"vestibule.pages.{theme}.{colour}": None
        for theme in ("light", "dark")
        for colour in ("accent", "on_accent", "background", "surface", "text")
    },
    "vestibule.pages.radius": "10px",
    "vestibule.pages.links": (),
    "vestibule.pages.legal": (),
    "vestibule.pages.languages": ("en", "de"),
    "vestibule.courier.ses.enabled": None,
    "vestibule.courier.ses.configuration_set": None,
    "vestibule.courier.ses.region": None,
    "vestibule.courier.sms.enabled": None,
    "vestibule.courier.sms.origination_identity": None,
    "vestibule.courier.sms.configuration_set": None,
    "vestibule.courier.sms.region": None,
    "vestibule.webhooks.signing.secrets": (),
    "vestibule.webhooks.signing.keys": (),
    "vestibule.deliveries.kept": timedelta(days=14),
    "vestibule.oauth2.token.api_key.in": "header",
    "vestibule.oauth2.token.api_key.name": "Authorization",
    "vestibule.oauth2.token.api_key.values": (),
    "vestibule.oauth2.token.hooks": (),
    "vestibule.proxy_key": None,
    "vestibule.trusted_proxy": True,
    "vestibule.admin_keys": (),
}

DEFAULTS: dict[str, Any] = {
    **{f"selfservice.flows.{key}": default for key, default in FLOWS.items()},
    **{f"selfservice.methods.{key}": default for key, default in METHODS.items()},
    **HOOKS,
    **TEMPLATES,
    **REST,
}


def value(section: Any, path: str) -> Any:
    for part in path.split("."):
        section = getattr(section, "in_" if part == "in" else part.replace("-", "_"))
    return section


@pytest.mark.parametrize(("path", "default"), DEFAULTS.items(), ids=list(DEFAULTS))
def test_a_key_has_its_default(path: str, default: Any):
    assert value(config(), path) == default


def leaves(annotation: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every key below a section that is not a section itself; lists count as one key."""
    for key, below in tree.keys(annotation).items():
        sections = tree.sections(below)
        if sections and not any(section.__name__ in ("BasicAuth", "ApiKey") for section in sections):
            yield from leaves(sections[0], (*path, key))
        else:
            yield ".".join((*path, key))


def test_no_key_is_missing_from_the_table_of_defaults():
    assert set(leaves(Config)) - GIVEN - {"identity.schemas"} == set(DEFAULTS)


@pytest.mark.parametrize(
    ("model", "given", "defaults"),
    [
        (
            Provider,
            {"id": "a", "provider": "generic", "client_id": "b", "mapper_url": "file://c"},
            {
                "label": None,
                "client_secret": None,
                "scope": (),
                "subject_source": "userinfo",
                "claims_source": "id_token",
                "pkce": None,
                "account_linking_mode": "confirm_with_existing_credential",
                "update_identity_on_login": "never",
                "requested_claims": None,
            },
        ),
        (
            WebHookConfig,
            {"url": "https://example.org/", "method": "POST"},
            {
                "id": None,
                "body": None,
                "headers": {},
                "auth": None,
                "can_interrupt": False,
                "response.ignore": False,
                "response.parse": False,
                "emit_analytics_event": True,
                "timeout": timedelta(seconds=30),
                "retry.attempts": 3,
                "retry.wait": timedelta(seconds=1),
                "on_error": "fail",
                "secrets": {},
            },
        ),
    ],
)
def test_an_entry_of_a_list_has_its_defaults(model: type[Section], given: dict[str, Any], defaults: dict[str, Any]):
    entry = model.model_validate(given)
    assert {path: value(entry, path) for path in defaults} == defaults


def test_a_schema_is_not_selectable_unless_it_says_so():
    assert [schema.selfservice_selectable for schema in config().identity.schemas] == [False]


def test_a_tokenizer_template_has_its_defaults():
    path = "/session/whoami/tokenizer/templates/plain"
    template = config(path, {"jwks_url": "file://keys.json"}).session.whoami.tokenizer.templates["plain"]
    assert (template.ttl, template.claims_mapper_url, template.subject_source) == (timedelta(0), None, "id")


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        config().session.lifespan = HOUR  # pyright: ignore[reportAttributeAccessIssue] - which is the point
