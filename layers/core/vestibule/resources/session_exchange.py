"""The session that a browser opened for a native app. Contract 01 §15."""

from __future__ import annotations

from vestibule.crypto.text import same, to_base64url
from vestibule.crypto.tokens import ExchangeCode, SessionToken
from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.lifecycle import drawing
from vestibule.lifecycle.issuing import session_document
from vestibule.services import Services
from vestibule.stores import exchanges
from vestibule.stores.flows import FlowChanged, flow_key


def exchange(request: Request, svc: Services) -> Outcome:
    """Native apps trade their two codes for the session that a browser opened for them.

    Once: the codes are used up. Raises BadRequest, and NotFound for codes that are unknown or were used.
    """
    init, returned = request.param("init_code"), request.param("return_to_code")
    if not init or not returned:
        raise BadRequest("The query needs both init_code and return_to_code")
    flow = _exchanged(ExchangeCode.parse(init), ExchangeCode.parse(returned), svc)
    if flow is None:
        raise NotFound("There is no session for these codes")
    if open_ := exchanges.open_flow_of(flow):
        return _still_open(*open_, request, svc)
    token = SessionToken.parse(exchanges.token_of(flow, returned, svc.journey_sealer) or "")
    session = svc.sessions.find(token) if token else None
    if token is None or session is None or not session.active_at(svc.clock.now()):
        raise NotFound("There is no session for these codes")
    try:
        svc.flows.save(exchanges.without(flow))
    except FlowChanged:
        raise NotFound("There is no session for these codes") from None
    return Document(body={"session_token": token.text, "session": session_document(session, svc) | {"devices": []}})


def _exchanged(init: ExchangeCode | None, returned: ExchangeCode | None, svc: Services) -> Flow | None:
    """The flow that both codes belong to."""
    if init is None or returned is None:
        return None
    item = svc.table.get([flow_key(init.flow_id)])[0]
    flow = svc.flows.read(item, Kind.LOGIN) or svc.flows.read(item, Kind.REGISTRATION)
    if flow is None or flow.exchange_code_digest is None:
        return None
    first = same(to_base64url(init.digest("init")), flow.exchange_code_digest)
    second = same(to_base64url(returned.digest("return_to")), exchanges.digest_of(flow))
    return flow if first and second else None


def _still_open(flow_id: str, kind: str, request: Request, svc: Services) -> Document:
    """The form that the person has to go on with. Raises NotFound."""
    flow = svc.flows.find(flow_id, Kind(kind))
    if flow is None:
        raise NotFound("There is no session for these codes")
    return Document(body=drawing.document(flow, request, svc), status=422)
