"""Change one's own traits. Contract 03 §12."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.identity_schema import IdentitySchema
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.methods.method import Change, Form, Pending, Rejected, SettingsAttempt
from vestibule.services import Services
from vestibule.stores.derivation import derived
from vestibule.ui import messages
from vestibule.ui.forms import trait_nodes
from vestibule.ui.nodes import Node, input_node, submit_node
from vestibule.ui.violations import problems as problems_of

PROFILE = "profile"
_UNKNOWN = "unknown"
"""`flow.internal["unknown"]`: traits that were sent and no schema names, by name; their inputs stay in the form."""

_MOST_UNKNOWN = 20


class ProfileSettings(Struct, frozen=True):
    id: str = PROFILE
    fields: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    protected: bool = False

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.profile.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == PROFILE

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        """What was sent, or else what is stored; a trait that was not sent is empty, as it would be stored."""
        shown = {"traits": flow.values["traits"] if "traits" in flow.values else _stored(flow)}
        drawn = trait_nodes(schema_of(flow.identity, svc), group=PROFILE, values=shown, unknown=True)
        present = {node.name for node in drawn}
        kept = [name for name in flow.internal.get(_UNKNOWN, ()) if name not in present]
        return (
            *drawn,
            *(input_node(name, "text", PROFILE) for name in kept),
            submit_node("method", PROFILE, PROFILE, messages.LABEL_SAVE()),
        )

    def submit(self, attempt: SettingsAttempt, svc: Services) -> Change | Rejected | Pending:
        schema, traits = schema_of(attempt.identity, svc), attempt.form.traits
        problems = tuple(problems_of(schema.validate(traits)))
        if not problems and traits == {}:
            problems = (Problem(messages.GENERIC(reason="Nothing was sent that could be changed")),)
        if problems:
            return Rejected(problems, {"traits": traits})
        now = svc.clock.now()
        changed = replace(attempt.identity, traits=traits, updated_at=now)
        return Change(derived(changed, schema, now=now, new_id=svc.random.uuid4))


def _stored(flow: Flow) -> Any:
    return flow.identity.traits if flow.identity else None


def schema_of(identity: Identity | None, svc: Services) -> IdentitySchema:
    return svc.schema(identity.schema_id if identity else None)


def reopened(flow: Flow, traits: Any, svc: Services) -> Flow:
    """The flow whose profile is refused: what is wrong elsewhere stays to be read, and inputs of unknown traits."""
    schema = schema_of(flow.identity, svc)
    nodes = trait_nodes(schema, group=PROFILE, values={"traits": traits}, unknown=True)
    names = [node.name for node in nodes]
    unknown = [*flow.internal.get(_UNKNOWN, ()), *(name for name in names if name not in schema.keys)]
    return replace(
        flow,
        problems=tuple(problem for problem in flow.problems if problem.node_name not in names),
        values={name: value for name, value in flow.values.items() if name != "traits"},
        internal={**flow.internal, _UNKNOWN: list(dict.fromkeys(unknown))[:_MOST_UNKNOWN]},
    )
