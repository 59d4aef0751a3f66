"""What templates of web hooks see: `ctx`. Contract 02 §4.2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.crypto import csrf
from vestibule.crypto.tokens import SESSION_PREFIX
from vestibule.domain.flow import Kind
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.request import CONTINUITY, Request
from vestibule.domain.session import NIL_UUID
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import drawing, issuing
from vestibule.lifecycle.issuing import Issued
from vestibule.services import Services

_WITH_SESSION = frozenset(
    {Point.LOGIN_AFTER, Point.SETTINGS_BEFORE, Point.SETTINGS_PRE_PERSIST, Point.SETTINGS_POST_PERSIST}
)
_CLIENT_IP = "true-client-ip"
_OF_PROXIES = ("cf-", "cloudfront-", "forwarded", "x-forwarded-", "x-real-ip")
_LINK = re.compile(r"(?<=[?&]token=)[^&]+")
"""What a link in a mail proves: it still does while hooks of a recovery run."""

_SHOWN_TO_ONE = frozenset({"totp_qr", "totp_secret_key", "lookup_secret_codes"})
"""Nodes with a second factor in them, by their ids."""

_ZERO_TIME = "0001-01-01T00:00:00Z"


def context(moment: Moment, svc: Services) -> Json:
    """The whole of it. Credentials, tokens, our own cookies and `metadata_admin` are never in it."""
    request = moment.request
    if moment.csrf:
        moment = replace(moment, request=replace(request, csrf_secrets=(moment.csrf,), csrf_is_new=True))
    ctx: Json = {
        "flow": _flow(moment, svc),
        "request_headers": _headers(request, svc),
        "request_method": request.method,
        "request_url": _LINK.sub("", request.url),
        "request_cookies": _cookies(request, svc),
    }
    shown = told_identity(moment)
    if shown is not None and not is_before(moment.point):
        ctx["identity"] = _identity(shown, svc)
    if moment.issued is not None and moment.point in _WITH_SESSION:
        ctx["session"] = _session(moment.issued, svc)
    return ctx


def is_before(point: Point) -> bool:
    return point.value.endswith(".before")


def told_nodes(nodes: Iterable[Json]) -> list[Json]:
    """Those of a form, as JSON, without what only its person is to see."""
    return [node for node in nodes if node["attributes"].get("id") not in _SHOWN_TO_ONE]


def told_identity(moment: Moment) -> Identity | None:
    """At login the one of the answer, which hooks may have changed without changing what is stored."""
    if moment.point is Point.LOGIN_AFTER and moment.issued is not None and moment.issued.shown.identity is not None:
        return moment.issued.shown.identity
    return moment.identity


def _flow(moment: Moment, svc: Services) -> Json:
    flow = moment.flow
    wire = drawing.document(flow, moment.request, svc)
    if flow.transient_payload is not None:
        wire["transient_payload"] = dict(flow.transient_payload)
    if is_before(moment.point) and flow.kind is Kind.LOGIN:
        wire |= {"created_at": _ZERO_TIME, "updated_at": _ZERO_TIME}
    former = moment.issued.shown.identity if moment.issued is not None else None
    if moment.point is Point.SETTINGS_POST_PERSIST and former is not None:
        wire["identity"] = former.to_wire(svc.urls.public)
    nodes = None if moment.point is Point.SETTINGS_BEFORE else told_nodes(wire["ui"]["nodes"])
    wire["ui"] |= {"nodes": nodes}
    return wire


def _session(issued: Issued, svc: Services) -> Json:
    """A new one has its id, and devices only once it is stored."""
    wire = issuing.session_document(issued.shown, svc)
    if issued.is_new:
        wire["devices"] = [device | {"id": NIL_UUID} for device in wire["devices"]]
    return wire


def _identity(identity: Identity, svc: Services) -> Json:
    """One that is not stored yet has its id; what only storing gives it is still blank."""
    wire = identity.to_wire(svc.urls.public)
    if identity.version:
        return wire
    wire |= {"schema_url": "", "created_at": _ZERO_TIME, "updated_at": _ZERO_TIME}
    blank = {"id": NIL_UUID, "created_at": _ZERO_TIME, "updated_at": _ZERO_TIME}
    for kind in ("verifiable_addresses", "recovery_addresses"):
        if kind in wire:
            wire[kind] = [address | blank for address in wire[kind]]
    return wire


def _headers(request: Request, svc: Services) -> dict[str, list[str]]:
    """Those of the allow-list, but none with a session in it, and no `Cookie`: see `_cookies`.

    Rules are written on where somebody comes from: nothing of that is what they say.

    `True-Client-Ip` is the address that the gateway saw. What only proxies know is told where one is trusted.
    """
    sent: Mapping[str, str] = request.headers
    if not svc.config.vestibule.trusted_proxy:
        sent = {name: value for name, value in sent.items() if not name.startswith(_OF_PROXIES)}
        sent |= {_CLIENT_IP: request.client_ip}
    elif _CLIENT_IP in sent:
        sent = {**sent, _CLIENT_IP: request.client_ip}
    names = {name.lower() for name in svc.config.clients.web_hook.header_allowlist} - {"cookie"}
    told = {name: value for name, value in sent.items() if name in names and SESSION_PREFIX not in value}
    return {_canonical(name): [value] for name, value in told.items()}


def _canonical(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _cookies(request: Request, svc: Services) -> dict[str, str]:
    own = {svc.config.session.cookie.name, csrf.cookie_name(svc.urls.public), CONTINUITY}
    return {name: value for name, value in request.cookies.items() if name not in own}
