"""What the functions do on DynamoDB, seen at the adapter's seam, is what their roles allow: no call less, none more.

A function that no journey here visits is left to `make conformance`, which looks at the calls of all of them.
Every request comes to a new process, after the cipher secrets were rotated: so whatever reads the index key wraps it
anew, as it may happen to each function once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from tests import keys
from tests.hooks.web_hook.target import TEMPLATES
from tests.providers import Provider, away, there_and_back
from tests.providers import configured as offering
from tests.world import CLIENTS, PASSWORD, PUBLIC, Browser, Client, Native, Reply, Spa, World, configured
from tools import policies
from tools.recording_serve import actions

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call
from vestibule.local import routes
from vestibule.ports import Table
from vestibule.stores.configurations import KEPT

REASONS: dict[policies.Call, str] = {
    ("SettingsSubmit", "Query", "table"): "a hook ends other sessions; none does here",
}
"""What a role allows although none of the journeys here leads there."""

CIPHER = ["a-cipher-secret-for-tests-123456", "another-cipher-secret-for-tests1"]
ALICE = "alice@example.org"

MANY_WRONG = ["wrong"] * 4
"""Codes before the right one, or their counter is not worth being forgotten at once."""

VISITED: set[str] = set()
"""Functions that a journey sent a request to."""

_serving: ContextVar[str] = ContextVar("serving", default="")
_router = routes.Router(routes.read(policies.ROOT / "template.yaml"))


@dataclass
class Seam:
    """The adapter's seam, with the calls that functions make through it."""

    call: Call
    seen: set[policies.Call] = field(default_factory=set)

    def __call__(self, operation: str, document: dict[str, Any]) -> dict[str, Any]:
        if function := _serving.get():
            self.seen |= {(function, *each) for each in actions(operation, document)}
        return self.call(operation, document)


class Watched(World):
    """A deployment that knows which function serves, and whose every request meets a new process."""

    table: Table
    changes: dict[str, Any]
    numbers: Iterator[int]
    services: Mapping[str, Any] = {}
    """What stands in for the world outside."""

    @classmethod
    def on(cls, table: Table, **selfservice: Any) -> Watched:
        world = cls.build(table)
        world.numbers = count()
        world.changes = {"selfservice": selfservice}
        return world

    def send(self, method: str, url: str, **options: Any) -> Reply:
        cipher = CIPHER if next(self.numbers) % 2 else CIPHER[::-1]
        clock = self.clock
        fresh = World.build(self.table, self.changes | {"secrets": {"cipher": cipher}}, **self.services)
        fresh.clock._now = clock.now()  # one clock for all of them
        self.svc = fresh.svc
        match = _router.match(options.get("api", "public"), method, urlsplit(url).path)
        assert match is not None
        VISITED.add(match.route.function.name)
        token = _serving.set(match.route.function.name)
        try:
            self.svc.configurations.head(consistent=False)  # as wiring does for every process
            return super().send(method, url, **options)
        finally:
            _serving.reset(token)


@pytest.fixture
def seam(dynamodb_local_call: Call) -> Seam:
    return Seam(dynamodb_local_call)


def test_roles_allow_what_the_functions_do_and_nothing_else(seam: Seam, dynamodb_local_name: str) -> None:
    table = DynamoDbTable(dynamodb_local_name, seam)
    for journey in JOURNEYS:
        journey(table)
    allowed, seen = policies.allowed(), seam.seen
    watched = {call for call in allowed if call[0] in VISITED}
    lacking, idle = seen - allowed, watched - seen - REASONS.keys()
    assert not lacking, f"calls that a role forbids: {sorted(lacking)}"
    assert not idle, f"calls that a role allows and no journey here makes: {sorted(idle)}"
    assert REASONS.keys() <= allowed - seen, "reasons for what is not so any more"


# --- journeys ---------------------------------------------------------------------------------------------


def people(table: Table) -> None:
    """Sign up, sign in and out, with mistakes on the way, for the three clients."""
    for kind in CLIENTS:
        world = Watched.on(table)
        email = f"{kind.kind}-{ALICE}"
        client = kind(world)
        sign_up(client, email, password="short")
        sign_up(client, email)
        sign_up(kind(world), email)  # taken
        client.get(f"/self-service/registration/{_start(kind)}")  # somebody is signed in
        client.get(f"/self-service/login/{_start(kind)}")
        client.get(f"/self-service/login/{_start(kind)}?refresh=true&return_to=https://evil.example")
        stranger = kind(world)
        for flow_kind in ("registration", "login"):
            flow = stranger.start(flow_kind)
            client.fetch(flow_kind, flow.id)
            client.submit(flow, method="password")  # somebody is signed in
        sign_in(client, email, refresh="true")
        other = kind(world)
        sign_in(other, email, password="wrong")
        sign_in(other, email)
        sign_in(kind(world), f"nobody-{email}")
        for path in ("/sessions/whoami", "/sessions", "/ui/welcome", "/ui/sessions", "/ui/logout"):
            client.get(path)
            kind(world).get(path)
        sessions = client.get("/sessions", Accept="application/json").json
        client.send("DELETE", f"/sessions/{sessions[0]['id']}")
        client.send("DELETE", "/sessions")
        _late(world, kind)
        _sign_out(client)


def in_steps(table: Table) -> None:
    """The forms that ask for one thing after the other."""
    world = Watched.on(
        table, flows={"login": {"style": "identifier_first"}, "registration": {"style": "profile_first"}}
    )
    for kind in CLIENTS:
        email = f"steps-{kind.kind}-{ALICE}"
        client = kind(world)
        flow = client.start("registration")
        client.submit(flow, method="profile", traits={"email": email})
        client.submit(flow, method="password", password=PASSWORD, traits={"email": email})
        client = kind(world)
        flow = client.start("login")
        client.submit(flow, method="identifier_first", identifier=email)
        client.submit(flow, method="password", identifier=email, password=PASSWORD)


def guesses(table: Table) -> None:
    """Until they have to wait, and after their counter has lapsed."""
    world = Watched.on(table)
    client = Native(world)
    for _ in range(12):
        sign_in(client, f"guessed-{ALICE}", password="wrong")
    world.clock.pass_by(minutes=5)
    sign_in(client, f"guessed-{ALICE}", password="wrong")
    world.clock.pass_by(days=2)
    sign_in(client, f"guessed-{ALICE}", password="wrong")


def apps(table: Table) -> None:
    """What only native apps do, and pages that only browsers see."""
    world = Watched.on(table)
    client = Native(world)
    for flow_kind in ("login", "registration"):
        flow = client.start(flow_kind, return_session_token_exchange_code="true")
        code = flow.document["session_token_exchange_code"]
        client.get(f"/sessions/token-exchange?init_code={code}&return_to_code={code}")
    browser = Browser(world)
    for flow_kind in ("login", "registration"):
        failed = browser.get(f"/self-service/{flow_kind}/browser?return_to=https://evil.example")
        assert failed.status == 303
        browser.get(f"/self-service/errors?id={failed.query('id')}", Accept="application/json")
        browser.get(f"/ui/error?id={failed.query('id')}")
        browser.get(f"/self-service/{flow_kind}?flow=none")
        flow = browser.start(flow_kind)
        browser.get(f"/ui/{flow_kind}?flow={flow.id}")
        Browser(world).get(f"/self-service/{flow_kind}/flows?id={flow.id}")
        Browser(world).submit(flow, method="password")  # without its cookies
    for path in ("/schemas", "/schemas/person", "/health/alive", "/health/ready", "/version", "/no/such/path"):
        browser.get(path)
    browser.get("/.well-known/change-password")


def verifications(table: Table) -> None:
    """Addresses that somebody has, and that nobody has, with right and wrong codes."""
    offered: dict[str, Any] = {
        "methods": {"code": {"enabled": True}},
        "flows": {"verification": {"enabled": True, "ui_url": "https://app.example.org/verification"}},
    }
    world = Watched.on(table, **offered)
    for kind in CLIENTS:
        email = f"verified-{kind.kind}-{ALICE}"
        client = kind(world)
        sign_up(client, email)
        for address in (email, f"nobody-{email}"):
            flow = client.start("verification")
            client.submit(flow, method="code", email=address)
            client.submit(flow, method="code", code="wrong")
        flow = client.start("verification")
        world.clock.pass_by(seconds=1)  # messages are listed by the time of their ids
        client.submit(flow, method="code", email=email)
        letter = world.svc.messages.page(limit=1, recipient=email)[0].data
        Browser(world).get(letter["verification_url"])
        for code in (*MANY_WRONG, *[letter["verification_code"]] * 2):
            client.submit(flow, method="code", code=code)
        Browser(world).get("/self-service/verification?flow=none")
        flow = client.start("verification")
        world.clock.pass_by(hours=2)
        client.submit(flow, method="code", email=email)


def recoveries(table: Table) -> None:
    """Back in by code, link and with an administrator's help, ending other sessions; and who has no account."""
    revoking = {"after": {"hooks": [{"hook": "revoke_active_sessions"}]}}
    page = "https://app.example.org/recovery"
    world = Watched.on(
        table,
        methods={"code": {"enabled": True}, "link": {"enabled": True}},
        flows={"recovery": {"enabled": True, "ui_url": page, **revoking}, "login": revoking},
    )
    for kind in CLIENTS:
        email = f"lost-{kind.kind}-{ALICE}"
        client = kind(world)
        sign_up(client, email)
        sign_in(client, email, refresh="true")
        client.get(f"/self-service/recovery/{_start(kind)}")  # somebody is signed in
        client = kind(world)
        for address in (email, f"nobody-{email}"):
            flow = client.start("recovery")
            client.submit(flow, method="code", email=address)
            client.submit(flow, method="code", code="wrong")
        world.clock.pass_by(hours=2)  # messages are listed by the time of their ids, and flows expire
        client.submit(flow, method="code", email=email)
        flow = client.start("recovery")
        client.submit(flow, method="code", email=email)
        for code in (*MANY_WRONG, _last_letter(world, email)["recovery_code"]):
            client.submit(flow, method="code", code=code)
        world.clock.pass_by(seconds=1)
        client = kind(world)
        client.submit(client.start("recovery"), method="link", email=email)
        for _ in range(2):
            Browser(world).get(_last_letter(world, email)["recovery_url"])
        found = world.svc.identities.by_identifier(["password"], email)
        assert found is not None
        for made in ("code", "link"):
            world.admin("POST", f"/admin/recovery/{made}", {"identity_id": found.id})


def step_ups(table: Table) -> None:
    """A code as second factor, until too many were asked for."""
    config = {"missing_credential_fallback_enabled": True}
    world = Watched.on(table, methods={"code": {"enabled": True, "mfa_enabled": True, "config": config}})
    world.changes |= {"vestibule": {"codes_per_address": 1}}
    for kind in CLIENTS:
        email = f"second-{kind.kind}-{ALICE}"
        client = kind(world)
        sign_up(client, email)
        flow = client.start("login", aal="aal2")
        client.submit(flow, method="code", code="wrong")
        for _ in range(4):
            client.start("login", aal="aal2")
        client.submit(flow, method="code", code=_last_letter(world, email)["login_code"])
        assert client.whoami().json["authenticator_assurance_level"] == "aal2"


def with_keys(table: Table) -> None:
    """Security keys and passkeys: added, used, used twice, removed."""
    for kind in ("second_factor", "passwordless"):
        world = Watched.on(table)
        world.changes = keys.config("passkey", kind) | {"identity": configured(keys.SCHEMA)["identity"]}
        email, key, passkey = f"{kind}@example.org", keys.Authenticator(), keys.Authenticator()
        ann = Spa(world)
        assert keys.sign_up_with_passkey(ann, email, passkey).status == 200
        assert keys.sign_in_with_passkey(Spa(world), passkey).status == 200
        assert keys.sign_in_with_passkey(Spa(world), passkey, counter=1).status == 400  # a copy
        assert keys.add_key(ann, key).status == 200
        flow = ann.start("settings")
        ann.fetch("settings", flow.id)
        other = Spa(world)
        keys.sign_in_with_passkey(other, passkey)
        if kind == "second_factor":
            assert keys.step_up(other, key).status == 200
        else:
            other = Spa(world)
            other.submit(other.start("login"), method="webauthn", identifier=email)
            ann.start("login", refresh="true")
        assert ann.submit(flow, webauthn_remove=key.keys[0].id.hex()).status == 200


def _last_letter(world: Watched, address: str) -> Mapping[str, Any]:
    return world.svc.messages.page(limit=1, recipient=address)[0].data


def administrators(table: Table) -> None:
    world = Watched.on(table)
    email = f"made-{ALICE}"
    document = {
        "schema_id": "person",
        "traits": {"email": email},
        "external_id": "employee-7",
        "credentials": {"password": {"config": {"password": PASSWORD}}},
    }
    made = world.admin("POST", "/admin/identities", document).json["id"]
    assert world.admin("POST", "/admin/identities", document).status == 409
    path = f"/admin/identities/{made}"
    world.admin("GET", f"{path}?include_credential=password")
    world.admin("GET", "/admin/identities/by/external/employee-7")
    for query in (
        {},
        {"ids": made},
        {"credentials_identifier": email},
        {"preview_credentials_identifier_similar": email},
    ):
        world.admin("GET", f"/admin/identities?{urlencode(query)}")
    document["traits"] = {"email": f"other-{email}"}
    world.admin("PUT", path, document | {"state": "active"})
    world.admin("PATCH", path, [{"op": "replace", "path": "/traits/email", "value": email}])
    create = {"create": {"schema_id": "person", "traits": {"email": f"batch-{email}"}}}
    world.admin("PATCH", "/admin/identities", {"identities": [create]})
    clients = [Native(world) for _ in range(6)]
    for client in clients:
        sign_in(client, email)
    ids = [client.whoami().json["id"] for client in clients]
    world.admin("GET", f"{path}/sessions")
    world.admin("GET", "/admin/sessions?expand=identity")
    world.admin("GET", f"/admin/sessions/{ids[0]}")
    world.admin("PATCH", f"/admin/sessions/{ids[0]}/extend")
    world.admin("DELETE", f"/admin/sessions/{ids[0]}")
    world.admin("POST", "/admin/sessions", {"action": "disable", "sessions": [ids[1]]})
    world.admin("POST", "/admin/sessions", {"action": "delete", "sessions": [ids[2]]})
    world.admin("POST", "/admin/sessions", {"action": "disable", "identities": [made]})
    world.admin("DELETE", f"{path}/sessions")
    world.admin("DELETE", f"{path}/credentials/password")
    assert world.admin("DELETE", path).status == 204
    for path in ("/health/alive", "/health/ready", "/version", "/sessions/whoami", "/no/such/path"):
        world.admin("GET", path)
    lifespan = {"op": "add", "path": "/selfservice/flows/login/lifespan", "value": "7m"}
    for _ in range(KEPT + 1):  # the oldest revision goes
        world.admin("PATCH", "/admin/config", [lifespan])
        lifespan["value"] = "8m" if lifespan["value"] == "7m" else "7m"
    world.admin("GET", "/admin/config/history")
    world.admin("GET", "/admin/actions/explain?of=login.password")
    world.admin("GET", "/admin/actions/lint")


def tokens(table: Table) -> None:
    """What an OAuth2 server asks before it issues tokens."""
    world = Watched.on(table)
    nowhere = {"url": "http://127.0.0.1:1/", "method": "TRACE", "retry": {"attempts": 1}, "on_error": "allow"}
    hooks = [{"hook": "web_hook", "config": nowhere | {"response": {"ignore": ignores}}} for ignores in (False, True)]
    token = {"api_key": {"values": ["a-key-for-tests-alone"]}, "hooks": hooks}
    world.changes |= {"vestibule": {"oauth2": {"token": token}}}
    made = world.admin("POST", "/admin/identities", {"schema_id": "person", "traits": {"email": f"token-{ALICE}"}})
    session = {"id_token": {"id_token_claims": {"sub": made.json["id"]}}}
    asked = {"session": session, "request": {"client_id": "shop", "grant_types": ["refresh_token"]}}
    headers = {"Authorization": "a-key-for-tests-alone"}
    for _ in range(2):
        sent = world.send("POST", f"{PUBLIC}/oauth2/token-hook", headers=headers, body=json.dumps(asked).encode())
        assert sent.status == 204
    (noted, _) = world.admin("GET", "/admin/actions/deliveries").json
    world.admin("GET", f"/admin/actions/deliveries?hook={noted['hook']}")
    world.admin("GET", f"/admin/actions/deliveries/{noted['id']}")
    assert world.admin("POST", f"/admin/actions/deliveries/{noted['id']}/replay").status == 409


def at_providers(table: Table) -> None:
    """There and back: sign-up, sign-in, linking, and what apps bring or fetch."""
    provider = Provider()
    world = Watched.on(table)
    changing = {"provider": "fedcm-test", "update_identity_on_login": "automatic"}
    world.changes = dict(offering(changing, {"id": "second"}, flows={"login": LISTED}))
    world.services = {"web": provider, "templates": TEMPLATES}
    provider.clock = world.clock
    client, email = Browser(world), f"provider-{ALICE}"
    there_and_back(client, provider, email=email)
    client.fetch("login", client.start("login", refresh="true").id)
    flow = client.start("settings")
    back = provider.approves(client.submit(flow, link="second").location, email=email)
    client.get(back)
    client.submit(client.start("settings"), unlink="second")
    world.identity(f"taken-{email}")
    there_and_back(Browser(world), provider, "registration", email=f"new-{email}")  # who is known, and the sessions end
    Browser(world).get(provider.approves(away(Browser(world)).location, sub="2"))  # another browser than has left
    there_and_back(Browser(world), provider, sub="3", email=f"taken-{email}")
    app = Native(world)
    flow = app.start("login", return_session_token_exchange_code="true")
    location = app.submit(flow, method="oidc", provider="example").json["redirect_browser_to"]
    code = Browser(world).get(provider.approves(location, email=email)).query("code")
    init = flow.document["session_token_exchange_code"]
    assert app.get(f"/sessions/token-exchange?init_code={init}&return_to_code={code}").status == 200
    for number in range(2):
        provider.claims = {"sub": "an-app", "email": f"app-{number}-{email}"}
        token = provider.id_token(nonce="a-nonce")
        brought = {"method": "oidc", "provider": "example", "id_token": token, "id_token_nonce": "a-nonce"}
        app = Native(world)
        assert app.submit(app.start("registration"), **brought).status == 200


LISTED = {"after": {"hooks": [{"hook": "revoke_active_sessions"}]}}
"""So that the sessions of whoever signs in are listed and ended."""

JOURNEYS: tuple[Callable[[Table], None], ...] = (
    people,
    in_steps,
    guesses,
    apps,
    verifications,
    recoveries,
    step_ups,
    with_keys,
    administrators,
    tokens,
    at_providers,
)


def sign_up(client: Client, email: str, password: str = PASSWORD) -> None:
    client.submit(client.start("registration"), method="password", password=password, traits={"email": email})


def sign_in(client: Client, email: str, password: str = PASSWORD, **params: str) -> None:
    client.submit(client.start("login", **params), method="password", identifier=email, password=password)


def _start(kind: type[Client]) -> str:
    return "api" if kind is Native else "browser"


def _late(world: Watched, kind: type[Client]) -> None:
    """Forms that were open for too long."""
    client = kind(world)
    flows = {name: client.start(name) for name in ("login", "registration")}
    world.clock.pass_by(hours=3)
    for name, flow in flows.items():
        client.submit(flow, method="password", identifier="x", password="x")
        client.fetch(name, flow.id)


def _sign_out(client: Client) -> None:
    for _ in range(2):  # the second time, nobody is signed in
        if isinstance(client, Native):
            body = json.dumps({"session_token": client.token}).encode()
            client.send("DELETE", "/self-service/logout/api", body, Content_Type="application/json")
        else:
            start = client.get("/self-service/logout/browser", Accept="application/json")
            client.get("/self-service/logout/browser?return_to=https://evil.example")
            client.get(f"/self-service/logout?token={start.json.get('logout_token', 'none')}")
