"""PATCH /identities: many at once, each for itself. Contract 06 §5."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from vestibule.domain.errors import BadRequest, Conflict, FlowError, ServiceUnavailable
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.record import Unprinted
from vestibule.domain.request import Request
from vestibule.ports import StoreUnavailable
from vestibule.resources.admin_body import read_object, shaped
from vestibule.resources.identities_bodies import BatchBody, BatchEntry
from vestibule.resources.identities_import import has_plain_password, imported
from vestibule.resources.identities_writing import Claim, claims_of, proposed, stored
from vestibule.services import Services

MOST = 1000
MOST_PASSWORDS = 200
TIME = timedelta(seconds=20)
"""What a batch may take: gateways wait 30 s for an answer."""

SIDE_BY_SIDE = 8


class Proposal(Unprinted, frozen=True):
    identity: Identity
    secrets: Json


def batch(request: Request, svc: Services) -> Outcome:
    """200 whatever becomes of the entries; their results in their order. Raises BadRequest.

    Entries that the time does not suffice for are answered 503: send them again.
    """
    entries = shaped(BatchBody, read_object(request)).identities or []
    if len(entries) > MOST:
        raise BadRequest(f"A batch has at most {MOST} identities")
    if sum(has_plain_password(entry.create.credentials) for entry in entries if entry.create) > MOST_PASSWORDS:
        raise BadRequest(f"A batch has at most {MOST_PASSWORDS} passwords in plain text: hashing them takes long")
    if not all(_is_uuid(entry.patch_id) for entry in entries if entry.patch_id):
        raise BadRequest("Each patch_id has to be a UUID")
    results: list[Json] = []
    until = svc.clock.now() + TIME
    for start in range(0, len(entries), SIDE_BY_SIDE):
        part = entries[start : start + SIDE_BY_SIDE]
        outcomes = _made(part, svc) if svc.clock.now() < until else [_out_of_time() for _ in part]
        results += [_result(entry, outcome) for entry, outcome in zip(part, outcomes, strict=True)]
    return Document(body={"identities": results})


def _made(entries: Sequence[BatchEntry], svc: Services) -> list[Identity | FlowError]:
    """Prepared and written side by side. Of two that claim the same, the first one gets it."""
    prepared: list[Proposal | FlowError] = svc.parallel(
        *[lambda entry=entry: _proposed(entry, svc) for entry in entries]
    )
    claimed: set[Claim] = set()
    accepted: list[Proposal | FlowError] = []
    for each in prepared:
        claims = claims_of(each.identity) if isinstance(each, Proposal) else set[Claim]()
        accepted.append(Conflict() if claims & claimed else each)
        claimed |= claims
    return svc.parallel(*[lambda each=each: _stored(each, svc) for each in accepted])


def _proposed(entry: BatchEntry, svc: Services) -> Proposal | FlowError:
    if entry.create is None:
        return BadRequest("An entry of a batch says what to create")
    try:
        return Proposal(*proposed(entry.create, imported(entry.create.credentials, svc), svc))
    except FlowError as error:
        return error


def _stored(proposal: Proposal | FlowError, svc: Services) -> Identity | FlowError:
    if isinstance(proposal, FlowError):
        return proposal
    try:
        return stored(proposal.identity, proposal.secrets, svc)
    except Conflict:
        return Conflict()  # without a reason, as recorded
    except FlowError as error:
        return error
    except StoreUnavailable:
        return ServiceUnavailable("The store is busy or out of reach; send this entry again")


def _result(entry: BatchEntry, outcome: Identity | FlowError) -> Json:
    result: Json = {"patch_id": entry.patch_id} if entry.patch_id else {}
    if isinstance(outcome, Identity):
        return result | {"action": "create", "identity": outcome.id}
    return result | {"action": "error", "error": outcome.to_wire()}


def _out_of_time() -> FlowError:
    return ServiceUnavailable("The batch took too long to reach this entry; send it again")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
