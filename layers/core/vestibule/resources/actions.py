"""Actions over the admin API: what runs where, and what it does. One row a route below /admin/actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from vestibule.config.points import TOKEN
from vestibule.config.revision import Unfit, document_of, running
from vestibule.domain import event
from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.hooks import explaining, trying
from vestibule.hooks.oauth2_token import trying as tokens
from vestibule.hooks.sampling import Person, somebody
from vestibule.hooks.web_hook import ignoring
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.resources import deliveries
from vestibule.resources.templates import wrong_template
from vestibule.services import Services
from vestibule.ui.strict_json import BadBody, json_object

_ROOT = "/admin/actions/"


def serve(request: Request, svc: Services) -> Outcome:
    """HEAD is served as GET. Raises NotFound."""
    verb = "GET" if request.method == "HEAD" else request.method
    variables = {value: f"{{{name}}}" for name, value in request.path_parameters.items()}
    words = request.path.removeprefix(_ROOT).split("/")
    step = STEPS.get((verb, "/".join(variables.get(word, word) for word in words)))
    if step is None:
        raise NotFound
    return step(request, svc)


def explain(request: Request, svc: Services) -> Outcome:
    """GET /admin/actions/explain?of=login.password. Raises BadRequest."""
    try:
        return Document(body=explaining.explained(request.param("of") or "", svc.config))
    except explaining.NoSuchPlace as wrong:
        raise BadRequest(f"of: {wrong}") from None


def lint(request: Request, svc: Services) -> Outcome:
    """GET /admin/actions/lint: findings, errors first, of the configuration that is in force."""
    from vestibule.config.action_lint import linted  # noqa: PLC0415 (pydantic and the models, for this step alone)

    source, revision = svc.configurations.source, svc.configurations.current()
    try:
        document = document_of(source, revision)
    except Unfit:
        document = running(source, revision) if revision is not None else source.document
    findings = linted(document, lambda template: wrong_template(template, svc))
    return Document(
        body={
            "findings": [{"severity": each.severity, "path": each.path, "message": each.message} for each in findings]
        }
    )


class _Try(Struct, forbid_unknown_fields=True):
    """What is to be tried: a web hook by id or JSON pointer, and the flow, as in `explain`, that it is tried in."""

    hook: str
    of: str
    identity_id: str | None = None
    """Whom the flow is about; else somebody with these traits, or with such as the default schema allows."""
    traits: dict[str, Any] | None = None
    transient_payload: dict[str, Any] = field(default_factory=dict[str, Any])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    client_ip: str = "192.0.2.1"
    event_id: str | None = None
    """A delivery that nobody waited for: what it told is told, and the above is for the answer alone."""


def test(request: Request, svc: Services) -> Outcome:
    """POST /admin/actions/test: calls the target, and tells what would come of it. Raises BadRequest."""
    try:
        wanted = msgspec.convert(json_object(request.body), _Try)
    except (BadBody, msgspec.ValidationError) as wrong:
        raise BadRequest(f"The body does not fit: {wrong}") from None
    person = Person(
        identity=_identity(wanted.identity_id, svc) if wanted.identity_id else None,
        traits=wanted.traits,
        transient_payload=wanted.transient_payload,
        headers=wanted.headers,
        client_ip=wanted.client_ip,
    )
    ctx = _told(wanted.event_id, svc) if wanted.event_id else None
    try:
        if wanted.of == TOKEN:
            return Document(body=tokens.tried(wanted.hook, somebody(person, svc), svc))
        return Document(body=trying.tried(wanted.hook, wanted.of, person, svc, ctx))
    except LookupError as wrong:
        raise BadRequest(str(wrong)) from None


def _identity(asked: str, svc: Services) -> Identity:
    known = canonical_uuid(asked)
    identity = svc.identities.find(known) if known else None
    if identity is None:
        raise BadRequest("identity_id names nobody")
    return identity


def _told(event_id: str, svc: Services) -> Json:
    """The context of a delivery. Raises BadRequest."""
    payload = svc.deliveries.payload(event_id)
    if payload is None:
        raise BadRequest("event_id names no delivery whose context is kept")
    ctx = ignoring.context_of(event.read(f"[{payload}]")[0], svc)
    if ctx is None:
        raise BadRequest("No secret of secrets.cipher opens what this delivery told any more")
    return ctx


STEPS: Mapping[tuple[str, str], Callable[[Request, Services], Outcome]] = {
    ("GET", "explain"): explain,
    ("GET", "lint"): lint,
    ("POST", "test"): test,
    ("GET", "deliveries"): deliveries.listing,
    ("GET", "deliveries/{id}"): deliveries.get,
    ("POST", "deliveries/{id}/replay"): deliveries.replay,
}
"""(verb, route below /admin/actions) to its step."""
