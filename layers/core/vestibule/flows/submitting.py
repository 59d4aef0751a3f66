"""What every submit has in common: which method is meant, and what its verdict makes of the flow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

from msgspec.structs import replace

from vestibule.config.schema_fields import TraitField
from vestibule.crypto import csrf
from vestibule.domain.errors import NotFound
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.message import Problem
from vestibule.domain.outcome import CookieChanges, FlowContinued, FlowInvalid, Redirect
from vestibule.domain.request import Request
from vestibule.domain.session import Aal
from vestibule.lifecycle import drawing, loading
from vestibule.methods import codes
from vestibule.methods.method import Form, FormPart, Method, Pending
from vestibule.methods.oidc_login import OIDC
from vestibule.methods.registry import KNOWN, LEVELS
from vestibule.methods.registry import methods as methods_of
from vestibule.ports import TransactionCancelled, TransactWrite
from vestibule.services import Services
from vestibule.stores.flows import FlowChanged
from vestibule.ui import messages
from vestibule.ui.decode import BadBody, decode, decode_pairs
from vestibule.ui.shape import Kind as FieldKind
from vestibule.ui.shape import shape

_Part = TypeVar("_Part", bound=FormPart)

_LONGEST_SECRET = 64
_IN_A_LINK = re.compile(r"method|provider|(traits|upstream_parameters)(\..+)?")

_NO_METHOD = {Kind.LOGIN: messages.LOGIN_NO_STRATEGY_FOUND, Kind.REGISTRATION: messages.REGISTRATION_NO_STRATEGY_FOUND}


def read_form(kind: Kind, request: Request, traits: tuple[TraitField, ...] | None = None) -> Form | BadBody:
    """The body, or a link's query, by the fields of every method of the kind, and with `traits` by those too.

    A body that cannot be read is a value here: it becomes a message of the form, which has to be loaded first.
    """
    names = [name for method in methods_of(kind) for name in method.fields]
    objects = {"transient_payload": FieldKind.OBJECT, "upstream_parameters": FieldKind.OBJECT}
    wanted = shape("method", "csrf_token", *names, traits=traits, **objects)
    linked = _linked(request)
    try:
        return Form(
            decode_pairs(linked, wanted)
            if linked
            else decode(request.body, request.headers.get("content-type"), wanted)
        )
    except BadBody as bad:
        return bad


def _linked(request: Request) -> list[tuple[str, str]]:
    """What a link to a provider says in its query; nothing that is secret is read from there. Contract 04 §6."""
    if request.method != "GET" or not request.param("provider") or request.param("method") not in (None, OIDC):
        return []
    return [(name, value) for name, value in request.query if _IN_A_LINK.fullmatch(name)]


def chosen(kind: Kind, form: Form, svc: Services, level: str = Aal.AAL1) -> Method | None:
    """The enabled method that the form is for, or None. Raises NotFound for one that exists at `level` but is off."""
    known = frozenset(name for name in KNOWN[kind] if level in LEVELS.get(name, {level}))
    return chosen_of(methods_of(kind), known, form, svc)


def chosen_of(methods: Sequence[_Part], known: frozenset[str], form: Form, svc: Services) -> _Part | None:
    """`chosen` among these; `known` are the names of those that may exist."""
    for method in methods:
        if method.enabled(svc) and method.responsible(form):
            return method
    present = any(method.id == form.method and method.enabled(svc) for method in methods)
    if form.method in known and not present:
        raise NotFound(f"The method {form.method} is not enabled for this flow")
    return None


def guard(flow: Flow, form: Form, request: Request, svc: Services) -> Problem | None:
    """`loading.guard`, but whoever leaves for a provider needs no token (contract 07 §2), only the flow's cookie.

    Else a link into somebody else's flow would sign people up with what that one typed, or link the account that waits
    in it to theirs. Raises CsrfViolation.
    """
    leaving = next((each for each in methods_of(flow.kind) if each.id == OIDC), None)
    if not flow.is_api and leaving is not None and leaving.enabled(svc) and leaving.responsible(form):
        loading.ensure_own(flow, request)
        return None
    return loading.guard(flow, request, form.text("csrf_token"))


def no_method(kind: Kind) -> Problem:
    return Problem(_NO_METHOD[kind]())


def unreadable(bad: BadBody) -> Problem:
    return Problem(messages.GENERIC(reason=str(bad)))


def next_step(
    pending: Pending, method: Method, form: Form, request: Request, svc: Services
) -> FlowInvalid | FlowContinued:
    """Store the flow as the method wants it and ask for the next step; the one of whoever was quicker, if another was.

    Raises NotFound.
    """
    flow = _stored(replace(pending.flow, updated_at=svc.clock.now()), pending.writes, svc)
    back = form.text("screen") == "previous" or form.method.endswith(":back")
    forward = {} if back else {"transient_payload": dict(form.transient_payload)}
    document = drawing.document(flow, request, svc, **forward)
    if pending.in_browser:
        where = svc.urls.ui(flow.kind, flow=flow.id)
        return FlowContinued(flow=flow, document=document, method=method.id, location=where, apps="told")
    return FlowInvalid(flow=flow, document=document, method=method.id, refused=False)


def elsewhere(flow: Flow, method: str, location: str, cookies: CookieChanges) -> FlowContinued:
    """The flow waits until the person comes back from there."""
    return FlowContinued(flow=flow, document={}, method=method, location=location, apps="told", cookies=cookies)


def _stored(flow: Flow, writes: Sequence[TransactWrite], svc: Services) -> Flow:
    try:
        if not writes:
            return svc.flows.save(flow)
        svc.table.transact([svc.flows.saving(flow), *writes])
    except (FlowChanged, TransactionCancelled):
        newest = svc.flows.find(flow.id, flow.kind)
        if newest is None:
            raise NotFound from None
        return newest
    return replace(flow, version=flow.version + 1)


def prefilled(flow: Flow, secret: str, svc: Services) -> Redirect:
    """To the form with the code or token of an opened link in it: mail scanners open links, people press buttons.

    From now on the flow belongs to the browser that opened the link.
    """
    page = svc.urls.ui(flow.kind, flow=flow.id)
    if len(secret) > _LONGEST_SECRET:
        return Redirect(location=page)
    cookie = csrf.new_secret(svc.random.bytes)
    with suppress(FlowChanged):  # another request for the flow came first: its form is shown then
        svc.flows.save(replace(flow, csrf=csrf.digest(cookie), internal=codes.filled(flow, secret, svc)))
    return Redirect(location=page, cookies=CookieChanges(csrf=cookie))


def refused(
    flow: Flow,
    method: str,
    problems: Sequence[Problem],
    request: Request,
    svc: Services,
    also: Sequence[TransactWrite] = (),
    **values: object,
) -> FlowInvalid:
    """`also` is written with the refusal."""
    return replace(drawing.refuse(flow, tuple(problems), request, svc, values, also, method=method), method=method)
