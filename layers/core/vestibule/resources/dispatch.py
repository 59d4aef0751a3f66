"""One function that serves several routes: which of its steps a request asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vestibule.domain.errors import NotFound
from vestibule.domain.outcome import Outcome
from vestibule.domain.request import Request
from vestibule.services import Services

Step = Callable[[Request, Services], Outcome]

Steps = Mapping[tuple[str, str], Step]
"""(verb, the route's variables and the word behind them) to the step: `("GET", "id sessions")`."""

_TAILS = ("sessions", "extend")
"""Last words of a path that another path with the same variables lacks."""


def dispatched(steps: Steps, request: Request, svc: Services) -> Outcome:
    """The answer of the step that the request asks for. HEAD is served as GET. Raises NotFound."""
    verb = "GET" if request.method == "HEAD" else request.method
    variables = sorted(request.path_parameters)
    tail = [word for word in _TAILS if variables == ["id"] and request.path.endswith(f"/{word}")]
    step = steps.get((verb, " ".join((*variables, *tail))))
    if step is None:
        raise NotFound
    return step(request, svc)
