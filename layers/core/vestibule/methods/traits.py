"""Traits in a registration: drawn once for all methods, checked once for all methods."""

from __future__ import annotations

from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.methods.method import Attempt
from vestibule.services import Services
from vestibule.stores.derivation import derived
from vestibule.ui.forms import trait_nodes
from vestibule.ui.nodes import Node
from vestibule.ui.violations import problems as problems_of

STEP = "step"
CREDENTIALS = "credentials"
"""`flow.internal["step"]` of a two-step registration whose profile is filled in."""

BACK = "back"
"""`flow.internal["back"]`: how often somebody went back to their profile; what was drawn then is drawn anew."""


def asks_for_credentials(flow: Flow, svc: Services) -> bool:
    """Whether the form shows credentials: always in one step, behind the profile in two."""
    two_steps = svc.config.selfservice.flows.registration.style == "profile_first"
    return not two_steps or flow.internal.get(STEP) == CREDENTIALS


def nodes(flow: Flow, svc: Services) -> list[Node]:
    """The traits' inputs; carried along unseen once the profile is filled in."""
    drawn = trait_nodes(svc.schema(flow.identity_schema))
    return [node.hidden() for node in drawn] if flow.internal.get(STEP) == CREDENTIALS else drawn


def proposed(attempt: Attempt, svc: Services) -> Identity | tuple[Problem, ...]:
    """The identity that the submitted traits would make (version 0, an id of its own), or what is wrong with them."""
    schema = svc.schema(attempt.flow.identity_schema)
    traits = attempt.form.traits
    problems = tuple(problems_of(schema.validate(traits)))
    if problems:
        return problems
    now = svc.clock.now()
    blank = Identity(
        id=svc.random.uuid4(),
        schema_id=schema.id,
        traits=traits,
        created_at=now,
        updated_at=now,
        state_changed_at=now,
    )
    return derived(blank, schema, now=now, new_id=svc.random.uuid4)
