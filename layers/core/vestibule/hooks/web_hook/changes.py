"""Changes that a target makes to an identity. Contract 02 §4.6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from vestibule.config.json_shapes import is_list, is_object
from vestibule.config.points import Point
from vestibule.config.violation import Violation
from vestibule.domain.identity import Identity, State
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.hooks.hook import Moment
from vestibule.hooks.web_hook.context import told_identity
from vestibule.hooks.web_hook.troubles import Improper
from vestibule.lifecycle import verifying
from vestibule.services import Services
from vestibule.stores.derivation import derived, known_statuses
from vestibule.ui import messages
from vestibule.ui.violations import problems as problems_of

STORED = frozenset({Point.REGISTRATION_PRE_PERSIST, Point.SETTINGS_PRE_PERSIST})
"""Where a change is going to be stored. At login it is part of the answer alone; elsewhere it is not asked for."""

_SHAPES: dict[str, type] = {"schema_id": str, "state": str, "verifiable_addresses": list, "recovery_addresses": list}


def changed(moment: Moment, wanted: Json, svc: Services) -> Moment | tuple[Problem, ...]:
    """The moment with the changed identity, or what is wrong with that. Raises Improper."""
    _ensure_shape(wanted)
    identity = told_identity(moment)
    if identity is None or not wanted:
        return moment
    new = _with_fields(identity, wanted, svc)
    if moment.point in STORED:
        if new.schema_id not in svc.schemas:
            return (Problem(messages.GENERIC(reason="The identity schema does not exist")),)
        schema = svc.schema(new.schema_id)
        wrong = tuple(_problems(schema.validate(new.traits)))
        if wrong:
            return wrong
        known = known_statuses(wanted.get("verifiable_addresses") or [], _normalised)
        now = svc.clock.now()
        made = derived(new, schema, now=now, new_id=svc.random.uuid4, known=known)
        return replace(moment, identity=_with_former_identifiers(made, identity))
    if moment.point is Point.LOGIN_AFTER and moment.issued is not None:
        issued = moment.issued
        return replace(moment, issued=replace(issued, shown=replace(issued.shown, identity=new)))
    return moment


def _ensure_shape(wanted: Json) -> None:
    for name, type_ in _SHAPES.items():
        value: Any = wanted.get(name)
        if value is None:
            continue
        if not isinstance(value, type_) or (is_list(value) and not all(is_object(each) for each in value)):
            raise Improper(f"{name} in its answer is of the wrong type")


def _with_fields(identity: Identity, wanted: Json, svc: Services) -> Identity:
    """Each field that is there replaces the whole one, with null too; an empty schema or state changes nothing."""
    taken: dict[str, Any] = {
        name: wanted[name] for name in ("traits", "metadata_public", "metadata_admin") if name in wanted
    }
    if wanted.get("schema_id"):
        taken["schema_id"] = wanted["schema_id"]
    if "external_id" in wanted:
        taken["external_id"] = str(wanted["external_id"] or "") or None
    new = replace(identity, **taken)
    state = wanted.get("state")
    if not state:
        return new
    return new.in_state(State.ACTIVE if state == State.ACTIVE else State.INACTIVE, svc.clock.now())


def _with_former_identifiers(new: Identity, old: Identity) -> Identity:
    """As recorded, what the former schema made identifiers of stays where the new one says nothing of that kind."""
    if new.schema_id == old.schema_id:
        return new
    former = {credential.type: credential for credential in old.credentials}
    kept = (each if each.identifiers else former.get(each.type, each) for each in new.credentials)
    return replace(new, credentials=tuple(kept))


def _normalised(address: str) -> str:
    return verifying.normalised(address)[1]


def _problems(violations: Iterable[Violation]) -> Iterator[Problem]:
    """As recorded, an e-mail address that is none is told twice here."""
    for violation in violations:
        yield from problems_of([violation])
        if violation.params.get("format") == "email":
            yield Problem(messages.GENERIC(reason=violation.text), violation.pointer)
