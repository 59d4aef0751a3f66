"""A flow as its client sees it. Nothing drawn is stored: the flow and the configuration say it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from vestibule.config.json_shapes import is_object
from vestibule.crypto import csrf
from vestibule.domain.event import Event
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.outcome import FlowInvalid
from vestibule.domain.request import Request
from vestibule.domain.times import to_rfc3339
from vestibule.lifecycle import entry_form, recovery_form, settings_form, verification_form
from vestibule.lifecycle.loading import csrf_secret
from vestibule.methods.enrolment import APPENDED, form_id
from vestibule.ports import TransactWrite
from vestibule.services import Services
from vestibule.stores.flows import FlowChanged
from vestibule.ui.container import Container, with_problems, with_values
from vestibule.ui.nodes import Node, input_node

_KEPT_PROBLEMS = 20
"""A hostile form could name thousands of fields that a schema does not know; an item is to stay small."""

_FORMS: Mapping[Kind, Callable[[Flow, str, Services], tuple[Node, ...]]] = {
    Kind.LOGIN: entry_form.nodes,
    Kind.REGISTRATION: entry_form.nodes,
    Kind.SETTINGS: settings_form.nodes,
    Kind.RECOVERY: recovery_form.nodes,
    Kind.VERIFICATION: verification_form.nodes,
}
"""Whose nodes stand in a form: each takes the CSRF token of the answer, empty for apps."""

_ORDERED: Mapping[Kind, Callable[[tuple[Node, ...], Flow, Services], tuple[Node, ...]]] = {
    Kind.LOGIN: entry_form.ordered,
    Kind.REGISTRATION: entry_form.ordered,
    Kind.SETTINGS: settings_form.ordered,
}
"""In which order they stand; in other forms they stand as they are drawn."""

_TRIES = 5
"""Writes of one refusal. More means that many others store theirs: then only this answer shows it."""


def container(flow: Flow, request: Request, svc: Services) -> Container:
    """The form: nodes of every enabled method, filled, with what is wrong at its place, in the order of the wire."""
    drawn = Container(svc.urls.action(flow.kind, form_id(flow)), _nodes(flow, request, svc), flow.messages)
    filled = with_values(drawn.nodes, flow.values)
    ordered = _ORDERED.get(flow.kind)
    nodes = ordered(filled, flow, svc) if ordered else filled
    told = with_problems(replace(drawn, nodes=nodes), flow.problems)
    if flow.kind is Kind.VERIFICATION:
        action, method = verification_form.target(flow, svc)
        return replace(told, action=action, method=method)
    return told


def document(flow: Flow, request: Request, svc: Services, **extra: Any) -> Json:
    """The flow's JSON, contract 01 §2. `extra` are keys of this answer alone."""
    wire: Json = {
        "id": flow.id,
        "type": str(flow.type),
        "expires_at": to_rfc3339(flow.expires_at),
        "issued_at": to_rfc3339(flow.issued_at),
        "request_url": flow.request_url,
        "ui": container(flow, request, svc).to_wire(),
        "state": str(flow.state),
    }
    if flow.kind in (Kind.LOGIN, Kind.REGISTRATION, Kind.SETTINGS):
        wire["organization_id"] = flow.organization_id
    if flow.identity is not None:
        wire["identity"] = flow.identity.to_wire(svc.urls.public)
    if flow.kind is Kind.LOGIN:
        wire |= {
            "created_at": to_rfc3339(flow.issued_at),
            "updated_at": to_rfc3339(flow.updated_at or flow.issued_at),
            "refresh": flow.refresh,
            "requested_aal": flow.requested_aal,
        }
    optional: Mapping[str, Any] = {
        "active": flow.active,
        "return_to": flow.return_to,
        "identity_schema": flow.identity_schema,
    }
    return wire | {name: value for name, value in optional.items() if value} | extra


def refuse(
    flow: Flow,
    problems: tuple[Problem, ...],
    request: Request,
    svc: Services,
    values: Json | None = None,
    also: Sequence[TransactWrite] = (),
    *,
    method: str = "",
) -> FlowInvalid:
    """Store what is wrong with the submitted form and show it again. Earlier messages are gone, earlier values stay.

    `also` is written with it. Where others submit the same form at this moment, it goes on top of what they stored.
    """
    refused = _refused(flow, problems, request, svc, values or {})
    for _ in range(_TRIES):
        try:
            stored = svc.flows.save(refused, also, [failed(refused, method, svc, str(refused.version + 1))])
        except FlowChanged:
            newest = svc.flows.find(flow.id, flow.kind) or flow
            newest = replace(newest, active=flow.active or newest.active, identity=flow.identity)
            refused = _refused(newest, problems, request, svc, values or {})
        else:
            return FlowInvalid(flow=stored, document=document(stored, request, svc))
    if also:
        svc.table.transact(also)
    return FlowInvalid(flow=refused, document=document(refused, request, svc))


def failed(flow: Flow, method: str, svc: Services, when: str) -> Event:
    """That what the flow was for did not happen, with the numbers of what its problems say. Contract 02 §4.7.

    `when` tells it from other failures of the same flow.
    """
    why = ",".join(dict.fromkeys(str(problem.message.id) for problem in flow.problems))
    told = {"flow": flow.id, "method": method or flow.active, "identity": flow.identity_id, "problems": why}
    return svc.outbox.happened(f"{flow.kind.capitalize()}Failed", flow.id, when, **told)


def _refused(flow: Flow, problems: tuple[Problem, ...], request: Request, svc: Services, values: Json) -> Flow:
    refused = replace(
        flow,
        messages=(),
        problems=problems[:_KEPT_PROBLEMS],
        values=merged(flow.values, values),
        internal={name: value for name, value in flow.internal.items() if name != APPENDED},
        updated_at=svc.clock.now(),
    )
    known = {node.name for node in _nodes(refused, request, svc)}
    unknown = [problem.node_name for problem in refused.problems if problem.node_name not in known]
    return replace(refused, extra_nodes=tuple(dict.fromkeys([*flow.extra_nodes, *filter(None, unknown)])))


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    """Both documents in one: objects key by key, for anything else the new value."""
    result = dict(old)
    for name, value in new.items():
        before = result.get(name)
        result[name] = merged(before, value) if is_object(before) and is_object(value) else value
    return result


def _nodes(flow: Flow, request: Request, svc: Services) -> tuple[Node, ...]:
    drawn = _FORMS[flow.kind](flow, _token(flow, request, svc), svc)
    return (*drawn, *_extra(flow, drawn))


def _extra(flow: Flow, drawn: tuple[Node, ...]) -> list[Node]:
    present = {node.name for node in drawn}
    return [input_node(name, "text", "default") for name in flow.extra_nodes if name not in present]


def _token(flow: Flow, request: Request, svc: Services) -> str:
    """Flows of apps have one only when a browser opened the link in their mail."""
    if flow.is_api and not flow.csrf:
        return ""
    secret = request.csrf if request.csrf_is_new else csrf_secret(flow, request)
    return csrf.mask(secret, svc.random.bytes) if secret else ""
