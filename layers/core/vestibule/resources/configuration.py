"""The configuration over the admin API: what is in force, changes of it, their history. Contract 12.

Reading answers the files with the current revision in them; `defaults=true` adds what holds without being set. Changes
(PATCH: RFC 6902; PUT: a whole document; POST …/rollback: the number of a revision, 0 for the files) are refused as a
whole when anything is wrong; with `dry_run=true` they are only told. `If-Match` takes an answer's ETag, or a number.
Secrets are shown as marks, which mean them when they are sent back; `secrets=true` shows them.
"""

from __future__ import annotations

from collections.abc import Callable

from vestibule.config.change import Change, Means, patched, replaced, returned
from vestibule.config.document import Document as Configuration
from vestibule.config.effective import complete
from vestibule.config.fetch import fetch, through
from vestibule.config.findings import ConfigError, Finding
from vestibule.config.freezing import frozen_text
from vestibule.config.load import reloaded
from vestibule.config.masking import Masks
from vestibule.config.patch import PatchError, operations
from vestibule.config.revision import Revision, Unfit, document_of, running
from vestibule.crypto.sealing import derive_key
from vestibule.domain.errors import BadRequest, Conflict, NotFound
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.domain.times import to_rfc3339
from vestibule.resources.admin_body import read_list, read_object
from vestibule.resources.admin_query import flag
from vestibule.resources.templates import wrong_template
from vestibule.services import Services
from vestibule.stores.configurations import Outdated
from vestibule.ui.strict_json import BadBody

_LONGEST_NOTE = 500


def serve(request: Request, svc: Services) -> Outcome:
    """Everything below /admin/config."""
    step = _STEPS.get(("GET" if request.method == "HEAD" else request.method, request.path.rstrip("/")))
    if step is None:
        raise NotFound
    return step(request, svc)


def show(request: Request, svc: Services) -> Outcome:
    """What is in force, or was at `revision=N`. Raises BadRequest, NotFound."""
    number = svc.configurations.head()
    asked = _number(request.param("revision")) if request.param("revision") else number
    revision = _revision(asked, svc)
    document, conflict = _in_force(revision, svc)
    config = _complete(document, svc) if flag(request, "defaults") else _visible(document)
    if not flag(request, "secrets"):
        config = _masks(svc).masked(config)
    body: Json = {"revision": asked, "config": config, "findings": _warned(conflict)}
    return Document(body=body, headers={"ETag": _etag(asked, svc)})


def history(request: Request, svc: Services) -> Outcome:
    """All revisions that are kept, newest first, secrets masked; a finding, where the newest is not what runs."""
    masks = Masks()
    revisions = svc.configurations.history()
    _, conflict = _in_force(revisions[0] if revisions else None, svc)
    return Document(
        body={"revisions": [_past(revision, masks, svc) for revision in revisions], "findings": _warned(conflict)}
    )


def patch(request: Request, svc: Services) -> Outcome:
    """Raises BadRequest, Conflict."""
    try:
        sent = operations(read_list(request))
    except BadBody as bad:
        raise BadRequest(f"The body is no JSON Patch (RFC 6902): {bad.reason}") from None
    except PatchError as error:
        raise _refused(error) from None

    def change(current: Revision | None) -> Change:
        shown, masks = document_of(svc.configurations.source, current), _masks(svc)
        meant = [masks.restored_operation(operation, shown) for operation in sent]
        return patched(svc.configurations.source, current, meant, _means(svc))

    return _changed(request, svc, change)


def replace(request: Request, svc: Services) -> Outcome:
    """Raises BadRequest, Conflict."""
    sent = read_object(request)

    def change(current: Revision | None) -> Change:
        before, _ = _in_force(current, svc)
        return replaced(svc.configurations.source, before, _masks(svc).restored(sent, before), _means(svc))

    return _changed(request, svc, change)


def rollback(request: Request, svc: Services) -> Outcome:
    """`{"revision": 3}`. Raises BadRequest, Conflict, NotFound."""
    number = read_object(request).get("revision")
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise BadRequest("revision is the number of a revision, 0 for the configuration files")
    target = _revision(number, svc)

    def change(current: Revision | None) -> Change:
        before, _ = _in_force(current, svc)
        return returned(svc.configurations.source, before, target, _means(svc))

    return _changed(request, svc, change, note=f"back to revision {number}")


_STEPS: dict[tuple[str, str], Callable[[Request, Services], Outcome]] = {
    ("GET", "/admin/config"): show,
    ("PATCH", "/admin/config"): patch,
    ("PUT", "/admin/config"): replace,
    ("GET", "/admin/config/history"): history,
    ("POST", "/admin/config/rollback"): rollback,
}


# --- changing -------------------------------------------------------------------------------------------


def _changed(
    request: Request, svc: Services, change_of: Callable[[Revision | None], Change], *, note: str = ""
) -> Outcome:
    number = svc.configurations.head()
    _ensure_matching(request, number, svc)
    try:
        change = change_of(_revision(number, svc))
    except PatchError as error:
        raise _refused(error) from None
    except Unfit as unfit:
        sentence = f"{unfit}. Replace the configuration as a whole, or go back to revision 0, the files"
        raise Conflict(sentence) from None
    dry_run = bool(flag(request, "dry_run"))
    if not dry_run and not change.accepted:
        raise BadRequest("The change is refused, nothing was changed", details=_told(change))
    if not dry_run and not change.is_empty:
        number = _stored(change, number, request.param("note") or note, svc)
    body = {
        "revision": number,
        "config": _masks(svc).masked(_visible(change.document)),
        "changed": not dry_run and not change.is_empty,
        "accepted": change.accepted,
        **_told(change),
    }
    return Document(body=body, headers={"ETag": _etag(number, svc)})


def _stored(change: Change, number: int, note: str, svc: Services) -> int:
    if len(note) > _LONGEST_NOTE:
        raise BadRequest(f"note has at most {_LONGEST_NOTE} characters")
    try:
        frozen = frozen_text(change.document)
    except ConfigError:
        frozen = None  # complete only with the environment: every process loads it by itself
    try:
        made = svc.configurations.add(
            number,
            note=note,
            changes=change.changes,
            patches=change.patches,
            document=change.document,
            frozen=frozen,
        )
    except Outdated:
        raise Conflict("Somebody else changed the configuration at the same moment; look at it again") from None
    return made.number


def _ensure_matching(request: Request, number: int, svc: Services) -> None:
    """Raises Conflict when `If-Match` names another state than the one in force."""
    given = request.headers.get("if-match", "").strip()
    if given and given not in ("*", str(number), f'"{number}"', _etag(number, svc), _etag(number, svc).strip('"')):
        raise Conflict(f"The configuration is at revision {number} and not as If-Match says; look at it again")


def _refused(error: PatchError) -> BadRequest:
    finding = Finding(error.path, error.sentence)
    return BadRequest(f"The change is refused, nothing was changed: {error}", details={"findings": [_finding(finding)]})


# --- showing --------------------------------------------------------------------------------------------


def _revision(number: int, svc: Services) -> Revision | None:
    """None for 0. Raises NotFound."""
    found = svc.configurations.find(number)
    if found is None and number:
        raise NotFound(f"There is no revision {number}, or it is not kept any more")
    return found


def _in_force(revision: Revision | None, svc: Services) -> tuple[Configuration, str | None]:
    """The document, and why it is not the revision on the files where it is what ran before they changed."""
    source = svc.configurations.source
    try:
        document = document_of(source, revision)
        if revision is not None and revision.digest != source.digest:
            reloaded(source, document)
    except Unfit as unfit:
        reason = str(unfit)
    except ConfigError as error:
        reason = f"the configuration files changed, and the revision makes them unusable: {error}"
    else:
        return document, None
    return (
        running(source, revision) if revision is not None else source.document
    ), f"{reason}; what ran before goes on"


def _complete(document: Configuration, svc: Services) -> Configuration:
    try:
        return complete(reloaded(svc.configurations.source, document))
    except ConfigError:
        return _visible(document)


def _masks(svc: Services) -> Masks:
    """Such as last from an answer to the change that is made of it."""
    return Masks(derive_key(svc.config.secrets.cookie[0], "configuration:masks"))


def _visible(document: Configuration) -> Configuration:
    """Without the store's address and the secrets of a deployment: whoever changes it has no need of them."""
    return {key: value for key, value in document.items() if key not in ("dsn", "secrets")}


def _told(change: Change) -> Json:
    return {
        "findings": [_finding(finding) for finding in change.findings],
        "diff": change.diff,
        "effective": [{"path": each.path, "before": each.before, "after": each.after} for each in change.differences],
    }


def _finding(finding: Finding) -> Json:
    return {"severity": finding.severity, "path": finding.path, "message": finding.message}


def _warned(conflict: str | None) -> list[Json]:
    return [_finding(Finding("", conflict, severity="warning"))] if conflict else []


def _past(revision: Revision, masks: Masks, svc: Services) -> Json:
    return {
        "revision": revision.number,
        "at": to_rfc3339(revision.at),
        "note": revision.note,
        "changes": [masks.operation(operation) for operation in revision.changes],
        "files": "as now" if revision.digest == svc.configurations.source.digest else "others",
    }


def _etag(number: int, svc: Services) -> str:
    """Of the revision and of the files it stands on."""
    return f'"{number}-{svc.configurations.source.digest[:12]}"'


def _number(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 9):
        raise BadRequest("revision is a number")
    return int(text)


def _means(svc: Services) -> Means:
    return Means(lambda source: fetch(source, through(svc.web)), lambda source: wrong_template(source, svc))
