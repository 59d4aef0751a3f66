"""What the error page shows. Contract 01 §10."""

from __future__ import annotations

from vestibule.domain.errors import InternalError, NotFound
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.domain.times import to_rfc3339
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.services import Services

_NEVER = "0001-01-01T00:00:00Z"
_STUB = "stub:500"


def show(request: Request, svc: Services) -> Outcome:
    """The error of `?id=` (or `?error=`); `stub:500` gives one to build pages with. Raises NotFound."""
    asked = request.param("id") or request.param("error")
    if asked == _STUB:
        error = InternalError("This is a sample for those who build an error page").to_wire()
        return Document(body={"id": svc.random.uuid4(), "error": error, "created_at": _NEVER, "updated_at": _NEVER})
    failure_id = canonical_uuid(asked)
    failure = svc.failures.find(failure_id) if failure_id else None
    if failure is None:
        raise NotFound
    at = to_rfc3339(failure.created_at)
    return Document(body={"id": failure.id, "error": failure.error, "created_at": at, "updated_at": at})
