"""`vestibule import identities`: the people of a Kratos, with what they sign in with, page by page."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import click
from msgspec import Struct

from vestibule.cli import target
from vestibule.cli.target import Choice, Target, TargetError
from vestibule.config.document import dig
from vestibule.config.json_shapes import is_list, is_object
from vestibule.ports import WebUnreachable

Json = dict[str, Any]

TOKEN = "VESTIBULE_FROM_TOKEN"  # noqa: S105 (the variable's name)
CREDENTIALS = ("password", "oidc", "totp", "lookup_secret", "webauthn", "passkey")
PAGE = 100
"""Identities a request: far below what a batch and a function's payload take."""

_LARGEST = 64 * 1024 * 1024
_SECONDS = 60.0
_TRIES = 5
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')
_KEPT = ("schema_id", "state", "traits", "metadata_public", "metadata_admin", "organization_id")
_OF_VERIFIABLE = ("value", "via", "verified", "status", "verified_at")
_OF_RECOVERY = ("value", "via")
_OF_PROVIDER = ("provider", "subject", "organization")


class Result(Struct):
    taken: int = 0
    there: int = 0
    refused: int = 0


def run(choice: Choice, source: str, *, dry_run: bool) -> int:
    """1 when somebody could not be taken over, 2 when one of the two cannot be asked."""
    try:
        if dry_run:
            return _counted(source)
        return _moved(target.chosen(choice), source)
    except TargetError as error:
        _say(str(error))
        return 2


def created(wire: Json) -> Json:
    """The body that makes the same identity again. It gets an id of its own: the former one is its external id."""
    body: Json = {key: wire[key] for key in _KEPT if wire.get(key) is not None}
    body["external_id"] = wire.get("external_id") or wire["id"]
    for key, fields in (("verifiable_addresses", _OF_VERIFIABLE), ("recovery_addresses", _OF_RECOVERY)):
        body[key] = [_only(address, fields) for address in _each(wire, key)]
    credentials = {type_: config for type_ in CREDENTIALS if (config := _config(type_, wire))}
    return body | {"credentials": {type_: {"config": config} for type_, config in credentials.items()}}


def _config(type_: str, wire: Json) -> Json:
    """As an import takes it; empty where there is nothing to sign in with."""
    config: Any = dig(wire, "credentials", type_, "config", default={})
    match type_:
        case "password":
            return _only(config, ("hashed_password", "use_password_migration_hook"))
        case "oidc":
            providers = [_only(each, _OF_PROVIDER) for each in _each(config, "providers")]
            return {"providers": providers} if providers else {}
        case "lookup_secret":
            codes = [_only(each, ("code", "used_at")) for each in _each(config, "recovery_codes")]
            return {"codes": codes} if codes else {}
        case _:
            return config


def _each(wire: Any, key: str) -> list[Any]:
    found: Any = dig(wire, key)
    return found or []


def _only(wire: Any, keys: Sequence[str]) -> Json:
    return {key: wire[key] for key in keys if dig(wire, key) not in (None, "", False)}


# --- writing --------------------------------------------------------------------------------------------


def _moved(into: Target, source: str) -> int:
    result = Result()
    for page in _pages(source):
        _store(into, page, result)
        _say(f"{result.taken + result.there + result.refused} looked at, {result.taken} taken over")
    _say(
        f"{result.taken} taken over, {result.there} were there already (their id, identifier or address is taken), "
        f"{result.refused} could not be taken over"
    )
    return 1 if result.refused else 0


def _store(into: Target, page: Sequence[Json], result: Result) -> None:
    """Entries that the other side had no time for are sent again."""
    left = {wire["id"]: {"create": created(wire), "patch_id": wire["id"]} for wire in page}
    for _ in range(_TRIES):
        if not left:
            return
        answer = into.ask("PATCH", "/admin/identities", body={"identities": list(left.values())})
        if answer.status != 200:
            raise TargetError(f"{into.name} takes no identities: {answer.reason}")
        for said in answer.body["identities"]:
            if said["action"] == "create":
                result.taken += 1
            elif said["error"]["code"] == 503:
                continue
            elif said["error"]["code"] == 409:
                result.there += 1
            else:
                result.refused += 1
                click.echo(f"{said['patch_id']}: {said['error'].get('reason') or said['error']['message']}")
            del left[said["patch_id"]]
    if left:
        raise TargetError(f"{into.name} is too busy: say it again, and go on where it was left")


# --- reading --------------------------------------------------------------------------------------------


def _counted(source: str) -> int:
    """What there is to take over."""
    found: Counter[str] = Counter()
    people = 0
    for wire in (wire for page in _pages(source) for wire in page):
        people += 1
        body = created(wire)
        found.update([f"of schema {body.get('schema_id')}", *(f"with {type_}" for type_ in body["credentials"])])
        if not body["credentials"]:
            found["without anything to sign in with but codes"] += 1
    click.echo(f"{people} identities")
    for name, count in sorted(found.items()):
        click.echo(f"  {count:>7} {name}")
    return 0


def _pages(source: str) -> Iterator[list[Json]]:
    """Raises TargetError."""
    from vestibule.adapters.web import HttpWeb  # noqa: PLC0415 (only who asks over HTTP needs it)

    web = HttpWeb()
    query = [("page_size", str(PAGE)), *(("include_credential", type_) for type_ in CREDENTIALS)]
    url: str | None = f"{source.rstrip('/')}/admin/identities?{urlencode(query)}"
    token = os.environ.get(TOKEN)
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    while url is not None:
        try:
            answer = web.request("GET", url, headers=headers, timeout=_SECONDS, limit=_LARGEST)
        except (WebUnreachable, ValueError):
            raise TargetError(f"{source} cannot be reached; check --from") from None
        if answer.status != 200:
            raise TargetError(f"{source} answers {answer.status}; is it a Kratos's admin API? ({TOKEN} is its key)")
        yield _identities(answer.body, source)
        url = _next(url, {name.lower(): value for name, value in answer.headers.items()}.get("link", ""))


def _identities(content: bytes, source: str) -> list[Json]:
    try:
        page: object = json.loads(content)
    except ValueError:
        page = None
    if not is_list(page) or not all(is_object(each) and isinstance(each.get("id"), str) for each in page):
        raise TargetError(f"{source} lists no identities; is it a Kratos's admin API?")
    return page


def _next(url: str, link: str) -> str | None:
    """The address of the page behind this one. The key is shown to nobody else."""
    found = _NEXT.search(link)
    if found is None:
        return None
    following = urljoin(url, found[1])
    if urlsplit(following).netloc != urlsplit(url).netloc:
        raise TargetError(f"the next page is said to be at {following}, which is not where the first one was")
    return following


def _say(sentence: str) -> None:
    click.echo(f"vestibule: {sentence}", err=True)
