"""Where hooks run, and which hook can run where. Contract 02 §1 and §2."""

from __future__ import annotations

from enum import StrEnum


class Point(StrEnum):
    """A moment of a flow at which hooks run. Pre-persist is before, post-persist after, the identity is stored."""

    LOGIN_BEFORE = "login.before"
    LOGIN_AFTER = "login.after"
    REGISTRATION_BEFORE = "registration.before"
    REGISTRATION_PRE_PERSIST = "registration.pre_persist"
    REGISTRATION_POST_PERSIST = "registration.post_persist"
    SETTINGS_BEFORE = "settings.before"
    SETTINGS_PRE_PERSIST = "settings.pre_persist"
    SETTINGS_POST_PERSIST = "settings.post_persist"
    RECOVERY_BEFORE = "recovery.before"
    RECOVERY_AFTER = "recovery.after"
    VERIFICATION_BEFORE = "verification.before"
    VERIFICATION_AFTER = "verification.after"


TOKEN = "oauth2.token"  # noqa: S105 (the name of a place)
"""Where `vestibule.oauth2.token.hooks` run: no moment of a flow."""

CAPABILITIES: dict[str, frozenset[Point]] = {
    "session": frozenset({Point.REGISTRATION_POST_PERSIST}),
    "revoke_active_sessions": frozenset({Point.LOGIN_AFTER, Point.SETTINGS_POST_PERSIST, Point.RECOVERY_AFTER}),
    "require_verified_address": frozenset({Point.LOGIN_AFTER}),
    "verification": frozenset({Point.LOGIN_AFTER, Point.REGISTRATION_POST_PERSIST, Point.SETTINGS_POST_PERSIST}),
    "show_verification_ui": frozenset(
        {Point.LOGIN_AFTER, Point.REGISTRATION_POST_PERSIST, Point.SETTINGS_POST_PERSIST}
    ),
    "verify_new_address": frozenset({Point.SETTINGS_PRE_PERSIST}),
    "notify_previous_addresses": frozenset({Point.SETTINGS_POST_PERSIST}),
    "notify_authenticator_added": frozenset({Point.SETTINGS_POST_PERSIST}),
    "web_hook": frozenset(Point),
    "b2b_sso": frozenset(Point),
    "organization": frozenset(Point),
    "two_step_registration": frozenset({Point.REGISTRATION_BEFORE, Point.REGISTRATION_POST_PERSIST}),
}
"""Hook name to the points at which its implementation can run (contract 02 §2). The registry of hooks is tested
against this table."""

ONLY_METHODS: dict[str, frozenset[str]] = {
    "verify_new_address": frozenset({"profile"}),
    "notify_previous_addresses": frozenset({"profile"}),
    "notify_authenticator_added": frozenset({"webauthn", "passkey", "totp"}),
}
"""Hooks that act for some settings methods only."""

WITHOUT_IMPLEMENTATION = frozenset({"b2b_sso", "organization", "two_step_registration"})
"""Names that Kratos knows and its open-source version does nothing for, nor do we."""
