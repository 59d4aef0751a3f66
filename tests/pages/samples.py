"""Documents as the flows answer them, put together by hand: one for every screen, and a few hostile ones."""

# ruff: noqa: E501 - one node a line, as the wire has it, reads better than one attribute a line
from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
FLOW = "7b7f7f63-5b3c-4f8e-9a57-0d7c1a0f3b11"
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)> ' {{7*7}}"


def message(number: int, text: str, kind: str = "info", **context: Any) -> Json:
    return {"id": number, "text": text, "type": kind, **({"context": context} if context else {})}


def error(number: int, text: str, **context: Any) -> Json:
    return message(number, text, "error", **context)


def node(kind: str, group: str, attributes: Json, label: Json | None = None, *messages: Json) -> Json:
    meta = {"label": label} if label else {}
    return {
        "type": kind,
        "group": group,
        "attributes": {**attributes, "node_type": kind},
        "messages": [*messages],
        "meta": meta,
    }


def field(group: str, name: str, kind: str = "text", label: Json | None = None, *messages: Json, **more: Any) -> Json:
    return node("input", group, {"name": name, "type": kind, "disabled": False, **more}, label, *messages)


def titled(title: str, name: str) -> Json:
    return message(1070002, title, title=title, name=name)


def button(group: str, name: str, value: str, number: int, text: str, kind: str = "submit", **more: Any) -> Json:
    context = {key: more.pop(key) for key in ("provider", "display_name", "added_at", "address") if key in more}
    return field(group, name, kind, message(number, text, **context), value=value, **more)


CSRF = field(
    "default", "csrf_token", "hidden", required=True, value="bWFza2VkLXRva2VuLW9mLXRoZS1icm93c2VyLW5vdC1hLXNlY3JldA=="
)


def flow(kind: str, *nodes: Json, messages: tuple[Json, ...] = (), state: str = "choose_method", **more: Any) -> Json:
    ui: Json = {
        "action": f"https://auth.example.org/self-service/{kind}?flow={FLOW}",
        "method": "POST",
        "nodes": list(nodes),
    }
    if messages:
        ui["messages"] = list(messages)
    return {"id": FLOW, "type": "browser", "state": state, "ui": ui, **more}


def traits(group: str = "default", hidden: bool = False, values: Mapping[str, Any] | None = None) -> list[Json]:
    given = values or {}

    def one(name: str, kind: str, title: str, **more: Any) -> Json:
        value = {"value": given[name]} if name in given else {}
        return field(
            group, f"traits.{name}", "hidden" if hidden else kind, titled(title, f"traits.{name}"), **more, **value
        )

    return [
        one("email", "email", "E-Mail", required=True, autocomplete="email"),
        one("name.first", "text", "First name"),
        one("name.last", "text", "Last name"),
        one("newsletter", "checkbox", "Newsletter"),
    ]


def identifier(value: str = "", *messages: Json, kind: str = "text", **more: Any) -> Json:
    return field(
        "default", "identifier", kind, titled("E-Mail", "traits.email"), *messages, required=True, value=value, **more
    )


def password(number: int, text: str, autocomplete: str, *messages: Json) -> list[Json]:
    label = message(1070001, "Password")
    return [
        field("password", "password", "password", label, *messages, required=True, autocomplete=autocomplete),
        button("password", "method", "password", number, text),
    ]


def providers(number: int, verb: str, name: str = "provider", *ids: str) -> list[Json]:
    return [
        button("oidc", name, each.lower(), number, f"{verb} {each}", provider=each)
        for each in ids or ("GitHub", "Google")
    ]


SCRIPT = node(
    "script",
    "webauthn",
    {
        "src": "/.well-known/ory/webauthn.js",
        "async": True,
        "crossorigin": "anonymous",
        "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "type": "text/javascript",
        "id": "webauthn_script",
        "nonce": "d7a2",
        "referrerpolicy": "no-referrer",
    },
)
PASSKEY_LOGIN = [
    field("passkey", "passkey_challenge", "hidden", value='{"publicKey":{"challenge":"AAAA"}}'),
    field("passkey", "passkey_login", "hidden", onload="window.oryPasskeyLoginAutocompleteInit()", onloadTrigger="oryPasskeyLoginAutocompleteInit"),
    button(
        "passkey", "passkey_login_trigger", "", 1010021, "Sign in with a passkey", "button",
        onclick="window.oryPasskeyLogin()", onclickTrigger="oryPasskeyLogin",
    ),
]  # fmt: skip
WRONG = error(4000006, "These details do not fit any account. Please check them for typing errors.")
SENT = message(1010014, "If there is an account under this address, a code is on its way. Please enter it here.")


def code_entry(label: int, text: str, *messages: Json, resend: Json | None = None) -> list[Json]:
    again = resend or button("code", "resend", "code", 1070008, "Send a new code")
    return [
        field("code", "method", "hidden", value="code"),
        field("code", "code", "text", message(label, text), *messages, required=True, autocomplete="one-time-code"),
        button("code", "method", "code", 1070009, "Continue"),
        again,
    ]


def picture(size: int = 256) -> str:
    """A picture as large as a QR code of an authenticator app, as a data URL."""
    rows = b"".join(b"\0" + bytes((x // 8 * 7 + y // 8 * 13) % 5 % 2 * 255 for x in range(size)) for y in range(size))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode()


def totp_setup(*messages: Json) -> list[Json]:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    return [
        node("img", "totp", {"id": "totp_qr", "src": picture(), "width": 256, "height": 256}, message(1050005, "Scan this with your authenticator app")),
        node("text", "totp", {"id": "totp_secret_key", "text": message(1050006, secret, secret=secret)}, message(1050017, "Type this into your authenticator app if you cannot scan the image")),
        field("totp", "totp_code", "text", message(1070006, "Code from the app"), *messages, required=True),
        button("totp", "method", "totp", 1070003, "Save"),
    ]  # fmt: skip


def codes(used: int = 0) -> Json:
    values = [f"{index}q7w{index * 7 % 10}x2k"[:8] for index in range(12)]
    secrets = [
        message(1050014, "Used on 3 March 2026, 14:05 UTC", used_at="2026-03-03T14:05:00Z", used_at_unix=1772546700)
        if index < used
        else message(1050009, value, secret=value)
        for index, value in enumerate(values)
    ]
    text = message(1050015, ", ".join(values), secrets=secrets)
    return node(
        "text", "lookup_secret", {"id": "lookup_secret_codes", "text": text}, message(1050010, "Your backup codes")
    )


def keys() -> list[Json]:
    added = {"display_name": "YubiKey at home", "added_at": "2026-01-20T09:30:00Z"}
    return [
        button("webauthn", "webauthn_remove", "a1b2", 1050018, "Remove the security key “YubiKey at home”", **added),
        field("webauthn", "webauthn_register_displayname", "text", message(1050013, "Name of the security key"), value=""),
        field("webauthn", "webauthn_register", "hidden", value=""),
        button(
            "webauthn", "webauthn_register_trigger", '{"publicKey":{}}', 1050012, "Add a security key", "button",
            onclick="window.oryWebAuthnRegistration({})", onclickTrigger="oryWebAuthnRegistration",
        ),
        SCRIPT,
        button("passkey", "passkey_remove", "c3d4", 1050020, "Remove the passkey “Phone”", display_name="Phone", disabled=True),
        field("passkey", "passkey_create_data", "hidden", value='{"publicKey":{}}'),
        field("passkey", "passkey_settings_register", "hidden"),
        button("passkey", "passkey_register_trigger", "", 1050019, "Add a passkey", "button", onclickTrigger="oryPasskeySettingsRegistration"),
    ]  # fmt: skip


IDENTITY: Json = {
    "id": "0f2b1c52-6f63-4c3d-8a55-3b7e1d1c9a01",
    "traits": {"email": "ann.lee@example.org", "name": {"first": "Ann", "last": "Lee"}},
    "verifiable_addresses": [{"value": "ann.lee@example.org", "verified": False, "via": "email"}],
}
SESSION: Json = {
    "id": "6a0c65ac-2f0c-4b55-9d55-72c7a3c6a9b2",
    "active": True,
    "authenticated_at": "2026-03-03T14:05:09.123Z",
    "expires_at": "2026-03-04T14:05:09.123Z",
    "authenticator_assurance_level": "aal1",
    "authentication_methods": [{"method": "password", "aal": "aal1"}, {"method": "totp", "aal": "aal2"}],
    "devices": [{"user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "ip_address": "192.0.2.7"}],
    "identity": IDENTITY,
}  # fmt: skip

_FILLED = {"email": "ann.lee@example.org", "name.first": "Ann", "name.last": "Lee", "newsletter": True}


def settings(*extra: Json, messages: tuple[Json, ...] = (), profile: list[Json] | None = None, **more: Any) -> Json:
    nodes = [
        CSRF,
        *(profile or traits("profile", values=_FILLED)),
        button("profile", "method", "profile", 1070003, "Save"),
        *password(1070003, "Save", "new-password"),
        *providers(1050002, "Link", "link", "GitHub"),
        *providers(1050003, "Unlink", "unlink", "Google"),
        *extra,
    ]
    return flow("settings", *nodes, messages=messages, state=more.pop("state", "show_form"), identity=IDENTITY, **more)


REGENERATE = button("lookup_secret", "lookup_secret_regenerate", "true", 1050008, "Make new backup codes")
REMOVE_TOTP = button("totp", "totp_unlink", "true", 1050004, "Remove the authenticator app", required=True)
_BAD_EMAIL = error(4000040, "“ann.lee” is no email address.", value="ann.lee")


def bad_profile() -> list[Json]:
    nodes = traits("profile", values={**_FILLED, "email": "ann.lee"})
    nodes[0]["messages"] = [_BAD_EMAIL]
    return nodes


def _registration(messages: bool = False) -> Json:
    nodes = traits(values={"email": "ann.lee"} if messages else {})
    short = error(4000032, "A password needs at least 8 characters; this one has 5.", min_length=8, actual_length=5)
    if messages:
        nodes[0]["messages"] = [_BAD_EMAIL]
        nodes[1]["messages"] = [error(4000002, "“first” is missing.", property="first")]
        nodes[1]["attributes"]["required"] = True
    rest = password(1040001, "Sign up", "new-password", *([short] if messages else []))
    return flow("registration", CSRF, *providers(1040002, "Sign up with"), *nodes, *rest)


def _many_fields() -> Json:
    return flow(
        "registration",
        CSRF,
        *traits(),
        field("default", "traits.age", "number", titled("Age", "traits.age")),
        field("default", "traits.born", "date", titled("Birthday", "traits.born")),
        field("default", "traits.seen", "datetime-local", titled("Last visit", "traits.seen"), value="2026-03-03T14:05:00Z"),
        field("default", "traits.site", "url", titled("Website", "traits.site"), autocomplete="url"),
        field("default", "traits.phone", "tel", titled("Phone", "traits.phone"), autocomplete="tel"),
        field("default", "traits.plan", "text", titled("Plan", "traits.plan"), value="team", options=[{"value": "solo"}, {"value": "team"}]),
        field("default", "traits.terms", "checkbox", titled("I agree to the terms", "traits.terms"), required=True),
        *password(1040001, "Sign up", "new-password"),
        button("code", "method", "code", 1040006, "Send me a sign-up code"),
    )  # fmt: skip


RESEND_TO = button("code", "email", "ann.lee@example.org", 1070008, "Send a new code")
_AAL2 = {"requested_aal": "aal2", "refresh": False}

FLOWS: dict[str, tuple[str, Json]] = {
    "login": ("login", flow("login", CSRF, identifier(), *password(1010022, "Sign in with password", "current-password"))),
    "login-all": (
        "login",
        flow(
            "login", *providers(1010002, "Sign in with"), CSRF, identifier(autocomplete="username webauthn"), SCRIPT, *PASSKEY_LOGIN,
            button("code", "method", "code", 1010015, "Send me a sign-in code"),
            *password(1010022, "Sign in with password", "current-password"),
        ),
    ),
    "login-wrong": (
        "login",
        flow("login", CSRF, identifier("ann.lee@example.org"), *password(1010022, "Sign in with password", "current-password"), messages=(WRONG,), active="password", return_to="https://app.example.org/a?b=c&d"),
    ),
    "login-refresh": (
        "login",
        flow("login", CSRF, field("default", "identifier", "hidden", value="ann.lee@example.org"), *password(1010001, "Sign in", "current-password"), *PASSKEY_LOGIN, refresh=True, messages=(message(1010003, "Please confirm that this is you."),)),
    ),
    "login-identifier-first": (
        "login",
        flow("login", CSRF, field("identifier_first", "identifier", "text", titled("E-Mail", "traits.email"), required=True, value="", autocomplete="username webauthn"), button("identifier_first", "method", "identifier_first", 1070009, "Continue"), *providers(1010002, "Sign in with")),
    ),
    "login-code": (
        "login",
        flow("login", CSRF, field("default", "identifier", "hidden", value="ann.lee@example.org"), *code_entry(1070013, "Sign-in code"), state="sent_email", active="code", messages=(SENT,)),
    ),
    "login-code-wrong": (
        "login",
        flow("login", CSRF, field("default", "identifier", "hidden", value="ann.lee@example.org"), *code_entry(1070013, "Sign-in code"), state="sent_email", active="code", messages=(error(4010008, "This code is not right, or it was used before."),)),
    ),
    "login-aal2": (
        "login",
        flow(
            "login", CSRF, field("default", "identifier", "hidden", value=""), SCRIPT, field("webauthn", "webauthn_login", "hidden", value=""),
            button("webauthn", "webauthn_login_trigger", "{}", 1010008, "Sign in with a security key", "button", onclick="window.oryWebAuthnLogin({})", onclickTrigger="oryWebAuthnLogin"),
            button("code", "address", "+491511234567", 1010023, "Send the code to +49••••567", address="+49••••567"),
            field("totp", "totp_code", "text", message(1010006, "Code from the app"), required=True, value=""),
            button("totp", "method", "totp", 1010009, "Use the authenticator app"),
            field("lookup_secret", "lookup_secret", "text", message(1010007, "Backup code"), required=True, value=""),
            button("lookup_secret", "method", "lookup_secret", 1010010, "Use a backup code"), **_AAL2,
        ),
    ),
    "login-aal2-none": ("login", flow("login", CSRF, **_AAL2)),
    "registration": ("registration", _registration()),
    "registration-wrong": ("registration", _registration(messages=True)),
    "registration-fields": ("registration", _many_fields()),
    "registration-choose": (
        "registration",
        flow(
            "registration", CSRF, *traits(hidden=True, values=_FILLED), button("code", "method", "code", 1040006, "Send me a sign-up code"),
            SCRIPT, button("passkey", "passkey_register_trigger", "", 1040007, "Sign up with a passkey", "button", onclickTrigger="oryPasskeyRegistration"),
            field("passkey", "passkey_register", "hidden"), field("passkey", "passkey_create_data", "hidden", value="{}"),
            *password(1040001, "Sign up", "new-password"), button("profile", "screen", "previous", 1040008, "Back"),
            messages=(message(1040009, "Please choose how you want to sign in."),),
        ),
    ),
    "registration-code": (
        "registration",
        flow("registration", CSRF, *traits(hidden=True, values=_FILLED), *code_entry(1070012, "Sign-up code"), state="sent_email", active="code", messages=(message(1040005, "We sent a code to the address you gave. Please enter it here."),)),
    ),
    "recovery": (
        "recovery",
        flow("recovery", CSRF, field("code", "email", "email", message(1070007, "Email"), required=True), button("code", "method", "code", 1070009, "Continue"), active="code"),
    ),
    "recovery-choose": (
        "recovery",
        flow(
            "recovery", CSRF, field("code", "recovery_address", "hidden", value="ann"),
            *[button("code", "recovery_select_address", f"hash{i}", 1070000, each) for i, each in enumerate(("an••••@example.org", "+49••••567"))],
            button("code", "screen", "previous", 1060007, "Back"), active="code", state="recovery_awaiting_address_choice",
            messages=(message(1060006, "Where shall we send the code?"),),
        ),
    ),
    "recovery-code": (
        "recovery",
        flow("recovery", CSRF, *code_entry(1070010, "Recovery code", resend=RESEND_TO), state="sent_email", active="code", messages=(message(1060003, "If there is an account under this address, a code is on its way."),)),
    ),
    "verification": (
        "verification",
        flow("verification", CSRF, field("code", "email", "email", message(1070007, "Email"), error(4000002, "“email” is missing.", property="email"), required=True), button("code", "method", "code", 1070009, "Continue"), active="code"),
    ),
    "verification-code": (
        "verification",
        flow("verification", *code_entry(1070011, "Verification code", resend=RESEND_TO), state="sent_email", active="code", messages=(message(1080003, "If we know this address, a code is on its way."),)),
    ),
    "verification-done": (
        "verification",
        flow("verification", CSRF, node("a", "code", {"id": "continue", "href": "https://app.example.org/", "title": message(1070009, "Continue")}, message(1070009, "Continue")), state="passed_challenge", active="code", messages=(message(1080002, "Thank you, your address is verified.", "success"),)),
    ),
    "settings": ("settings", settings(REGENERATE, *keys(), *totp_setup())),
    "settings-saved": ("settings", settings(REGENERATE, REMOVE_TOTP, messages=(message(1050001, "Your changes are saved.", "success"),), state="success")),
    "settings-wrong": ("settings", settings(REGENERATE, *totp_setup(error(4000008, "This code is not right. Please try the one your app shows now.")), profile=bad_profile())),
    "settings-codes": ("settings", settings(codes(used=2), button("lookup_secret", "lookup_secret_confirm", "true", 1050011, "I have stored the codes"), REMOVE_TOTP)),
}  # fmt: skip
