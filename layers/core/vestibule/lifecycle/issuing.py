"""Sessions that a flow opens or refreshes."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.crypto import csrf
from vestibule.crypto.tokens import SessionToken
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.outcome import UNCHANGED, CookieChanges, SessionCookie
from vestibule.domain.record import Unprinted
from vestibule.domain.request import Request
from vestibule.domain.session import NIL_UUID, AuthenticationMethod, Device, Session
from vestibule.services import Services

_TEXT = 512


class Issued(Unprinted, frozen=True):
    """A session that is ready to be stored, and its token, which is stored nowhere.

    `shown` is the session as this answer presents it; on a refresh the wire still shows the old expiry, and the
    device of the request under the nil id (contract 09).
    """

    session: Session
    token: str
    shown: Session
    is_new: bool = True


def issue(identity: Identity, factor: AuthenticationMethod, request: Request, svc: Services) -> Issued:
    """A new session for the identity."""
    now = svc.clock.now()
    token = SessionToken.new(identity.id, svc.random.uuid7(), svc.random.bytes)
    session = Session(
        id=token.session_id,
        identity_id=identity.id,
        token_digest=token.digest(),
        issued_at=now,
        authenticated_at=now,
        expires_at=now + svc.session_lifespan(identity),
        methods=(factor,),
        devices=(_device(svc.random.uuid4(), request),),
        identity=identity,
    )
    return Issued(session, token.text, session)


def refresh(
    session: Session, identity: Identity, factor: AuthenticationMethod, request: Request, svc: Services
) -> Issued:
    """The session of the same identity once more: id and token stay, the method is added, the lifespan starts anew."""
    now = svc.clock.now()
    renewed = replace(
        session,
        identity=identity,
        authenticated_at=now,
        expires_at=now + svc.session_lifespan(identity),
        methods=(*(each for each in session.methods if not _same_account(each, factor)), factor),
    )
    shown = replace(renewed, expires_at=session.expires_at, devices=(*session.devices, _device(NIL_UUID, request)))
    return Issued(renewed, request.session_token or "", shown, is_new=False)


def also_by(issued: Issued, factor: AuthenticationMethod) -> Issued:
    """The session with one more proof in it."""
    session, shown = (replace(each, methods=(*each.methods, factor)) for each in (issued.session, issued.shown))
    return replace(issued, session=session, shown=shown)


def _same_account(one: AuthenticationMethod, other: AuthenticationMethod) -> bool:
    """As recorded: a sign-in at the same provider once more stands in place of the earlier one."""
    return bool(one.provider) and (one.method, one.provider) == (other.method, other.provider)


def cookies(issued: Issued, flow: Flow, svc: Services, *, secret: str = "") -> CookieChanges:
    """A browser gets the session; signing in as somebody new renews its CSRF secret too. Apps get no cookies.

    `secret` is the new one where something is bound to it already.
    """
    if flow.is_api:
        return UNCHANGED
    session = SessionCookie(issued.token, issued.session.expires_at)
    renewed = secret or csrf.new_secret(svc.random.bytes) if issued.is_new else ""
    return CookieChanges(csrf=renewed, session=session)


def session_document(session: Session, svc: Services, *, with_identity: bool = True) -> Json:
    """The session's public JSON with its identity; without, `identity` is null."""
    wire = session.to_wire(svc.clock.now())
    identity = session.identity
    shown = identity is not None and with_identity
    wire["identity"] = identity.to_wire(svc.urls.public) if shown and identity is not None else None
    return wire


def _device(device_id: str, request: Request) -> Device:
    user_agent = request.headers.get("user-agent", "")[:_TEXT]
    return Device(device_id, request.client_ip, user_agent, request.location[:_TEXT])
