"""A moment of a flow that nobody is in: what a hook would be told, made without writing anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from vestibule.config.json_shapes import is_list, is_object
from vestibule.config.points import Point
from vestibule.domain.flow import Flow, FlowState, FlowType, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.request import Request
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import issuing, opening
from vestibule.lifecycle.issuing import Issued
from vestibule.services import Services
from vestibule.stores.derivation import derived

_SECOND_FACTORS = frozenset({"totp", "lookup_secret"})
_TEXTS = {
    "email": "ann@example.org",
    "tel": "+4915112345678",
    "uri": "https://example.org/",
    "url": "https://example.org/",
    "date": "2000-01-01",
    "date-time": "2026-01-01T12:00:00Z",
    "uuid": "5a0d2b0c-64f1-4b0e-9d56-0d0f5e0c8a11",
}
_DEEPEST = 8


class Person(Struct, frozen=True, kw_only=True):
    """Who is in the flow, and from where. Without an identity it is one that the default schema allows."""

    identity: Identity | None = None
    traits: Any = None
    transient_payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the request, by lower-case name."""
    client_ip: str = "192.0.2.1"


def sampled(point: Point, method: str, person: Person, svc: Services) -> Moment:
    """The moment in an app's flow of the kind."""
    kind, stage = point.value.split(".")
    headers = {"accept": "application/json", "content-type": "application/json", "user-agent": "vestibule"}
    request = Request(
        method="GET" if stage == "before" else "POST",
        path=f"/self-service/{kind}/api" if stage == "before" else f"/self-service/{kind}",
        url=f"{svc.urls.public.rstrip('/')}/self-service/{kind}/api",
        headers=headers | {name.lower(): value for name, value in person.headers.items()},
        client_ip=person.client_ip,
    )
    identity = somebody(person, svc)
    if point is Point.REGISTRATION_PRE_PERSIST:
        identity = replace(identity, version=0)
    aal = Aal.AAL2 if method in _SECOND_FACTORS else Aal.AAL1
    factor = AuthenticationMethod(method or "password", aal, svc.clock.now())
    issued = issuing.issue(identity, factor, request, svc)
    if kind == Kind.SETTINGS:
        issued = Issued(issued.session, "", issued.session, is_new=False)
    return Moment(
        point=point,
        request=request,
        flow=_flow(Kind(kind), stage, method, identity, person, request, svc),
        method=method,
        identity=identity,
        factor=factor,
        issued=issued,
    )


def _flow(
    kind: Kind, stage: str, method: str, identity: Identity, person: Person, request: Request, svc: Services
) -> Flow:
    flow = opening.new_flow(kind, FlowType.API, request, svc)
    if kind is Kind.SETTINGS:
        flow = replace(flow, identity_id=identity.id, identity=identity)
    if stage == "before":
        return flow
    flow = replace(flow, active=method or None, transient_payload=dict(person.transient_payload))
    passed = kind in (Kind.RECOVERY, Kind.VERIFICATION)
    return replace(flow, state=FlowState.PASSED_CHALLENGE) if passed else flow


def somebody(person: Person, svc: Services) -> Identity:
    """The person's identity, or one made up."""
    if person.identity is not None:
        return person.identity
    traits, schema = person.traits, svc.schema(None)
    now = svc.clock.now()
    given = _sample(schema.document.get("properties", {}).get("traits", {}), 0) if traits is None else traits
    identity = Identity(
        id=svc.random.uuid4(),
        schema_id=schema.id,
        traits=given,
        created_at=now,
        updated_at=now,
        state_changed_at=now,
        version=1,
    )
    return derived(identity, schema, now=now, new_id=svc.random.uuid4)


def _sample(schema: Any, depth: int) -> Any:
    """A value that the schema allows, as far as its keywords are simple."""
    if not is_object(schema) or depth > _DEEPEST:
        return None
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if is_list(schema.get(key)) and schema[key]:
            return schema[key][0]
    match schema.get("type"):
        case "object":
            return _object(schema, depth)
        case "array":
            return []
        case "boolean":
            return False
        case "integer" | "number":
            return schema.get("minimum", 1)
        case _:
            return _TEXTS.get(str(schema.get("format")), "text")


def _object(schema: Json, depth: int) -> Json:
    properties: Any = schema.get("properties")
    below = properties.items() if is_object(properties) else ()
    return {name: _sample(value, depth + 1) for name, value in below}
