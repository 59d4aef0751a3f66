"""Identities over the admin API. Contract 06 §1 to §5."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.domain.errors import NotFound
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document, Empty, Outcome
from vestibule.domain.request import Request
from vestibule.resources import identities_batch, identities_credentials, identities_list, identities_patch
from vestibule.resources import identities_sessions as of_sessions
from vestibule.resources.admin_body import read_object, shaped
from vestibule.resources.admin_query import identity_id
from vestibule.resources.dispatch import Steps, dispatched
from vestibule.resources.identities_bodies import CreateBody, UpdateBody
from vestibule.resources.identities_import import Imported, imported
from vestibule.resources.identities_views import created, included, shown, updated, with_feedback
from vestibule.resources.identities_writing import (
    LONGEST_EXTERNAL_ID,
    changed,
    checked,
    external_id,
    merged,
    proposed,
    replaced,
    state,
    stored,
    touched,
)
from vestibule.services import Services


def serve(request: Request, svc: Services) -> Outcome:
    """Everything below /identities, with or without /admin in front."""
    return dispatched(_STEPS, request, svc)


def create(request: Request, svc: Services) -> Outcome:
    """201 with the identity and where it is. Raises BadRequest, Conflict, TooLarge."""
    given = read_object(request)
    body = shaped(CreateBody, given)
    identity = stored(*proposed(body, imported(body.credentials, svc), svc), svc)
    # Without /admin, as recorded: the path works just as well.
    headers = {"Location": f"{svc.urls.admin}/identities/{identity.id}"}
    return Document(body=created(identity, svc, given), status=201, headers=headers)


def get(request: Request, svc: Services) -> Outcome:
    """Raises NotFound, BadRequest."""
    types = included(request)
    identity = svc.identities.find(identity_id(request))
    if identity is None:
        raise NotFound
    return Document(body=with_feedback(shown(identity, svc, types), svc))


def by_external_id(request: Request, svc: Services) -> Outcome:
    """Raises NotFound, BadRequest."""
    types = included(request)
    asked = request.path_parameters["externalID"]
    identity = svc.identities.by_external_id(asked) if 0 < len(asked) <= LONGEST_EXTERNAL_ID else None
    if identity is None:
        raise NotFound
    return Document(body=with_feedback(shown(identity, svc, types), svc))


def put(request: Request, svc: Services) -> Outcome:
    """Replace the identity; credentials are added to. Raises NotFound, BadRequest, Conflict, TooLarge."""
    given = read_object(request)
    body = shaped(UpdateBody, given, strict=False)
    asked = identity_id(request)
    if svc.identities.find(asked) is None:
        raise NotFound
    credentials = imported(body.credentials, svc)  # once, however often the change has to be tried: hashing is slow
    return changed(asked, svc, lambda old: _put(old, body, given, credentials, svc))


def delete(request: Request, svc: Services) -> Outcome:
    """The identity and all that belongs to it. Raises NotFound."""
    if not svc.identities.delete(identity_id(request)):
        raise NotFound
    return Empty()


def _put(old: Identity, body: UpdateBody, given: Json, credentials: Imported, svc: Services) -> Outcome:
    now = svc.clock.now()
    new = replace(
        old.in_state(state(body.state) or old.state, now),
        schema_id=body.schema_id or old.schema_id,
        traits={} if body.traits is None else body.traits,
        metadata_public=body.metadata_public,
        metadata_admin=body.metadata_admin,
        external_id=external_id(body.external_id),
    )
    new, secrets = merged(checked(touched(new, svc), svc), credentials, svc)
    return Document(body=updated(replaced(old, new, secrets, svc), svc, given))


_STEPS: Steps = {
    ("GET", ""): identities_list.listing,
    ("POST", ""): create,
    ("PATCH", ""): identities_batch.batch,
    ("GET", "id"): get,
    ("PUT", "id"): put,
    ("PATCH", "id"): identities_patch.patch,
    ("DELETE", "id"): delete,
    ("GET", "externalID"): by_external_id,
    ("DELETE", "id type"): identities_credentials.delete,
    ("GET", "id sessions"): of_sessions.listing,
    ("DELETE", "id sessions"): of_sessions.delete,
}
