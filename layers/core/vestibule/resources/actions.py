"""Actions over the admin API: what runs where, and what it does. One row a route below /admin/actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.hooks import explaining
from vestibule.services import Services

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


STEPS: Mapping[tuple[str, str], Callable[[Request, Services], Outcome]] = {
    ("GET", "explain"): explain,
}
"""(verb, route below /admin/actions) to its step."""
