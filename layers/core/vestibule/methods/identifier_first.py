"""Sign in step by step: first who, then how. Contract 01 §4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from vestibule.config.normalise import identifier as normalised
from vestibule.domain.flow import Flow
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal
from vestibule.methods.identifier import IDENTIFIER, label
from vestibule.methods.method import Attempt, Form, Pending, Rejected, Verdict
from vestibule.methods.password_login import PASSWORD
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

IDENTIFIER_FIRST = "identifier_first"


@dataclass(frozen=True, slots=True)
class IdentifierFirst:
    id: str = IDENTIFIER_FIRST
    fields: tuple[str, ...] = ("identifier",)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.flows.login.style == "identifier_first"

    def responsible(self, form: Form) -> bool:
        return form.method == IDENTIFIER_FIRST

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if flow.refresh or flow.requested_aal != Aal.AAL1:
            return ()
        known = flow.internal.get(IDENTIFIER)
        field = input_node(
            IDENTIFIER,
            "hidden" if known else "text",
            IDENTIFIER_FIRST,
            value=known or "",
            required=True,
            autocomplete="username webauthn",
            label=label(svc),
        )
        if known:
            return (field,)
        return (field, submit_node("method", IDENTIFIER_FIRST, IDENTIFIER_FIRST, messages.LABEL_CONTINUE()))

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return (svc.identities.identifier_key(PASSWORD, normalised(form.text(IDENTIFIER))),)

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        """On with the methods that the account has; with enumeration mitigation, with all there are."""
        identifier = attempt.form.text(IDENTIFIER)
        methods = _methods(attempt, svc)
        if not methods:
            problem = Problem(messages.ACCOUNT_NOT_FOUND(), f"#/{IDENTIFIER}")
            return Rejected((problem,), {IDENTIFIER: identifier})
        known: dict[str, Any] = {IDENTIFIER: identifier, "methods": methods}
        flow = replace(
            attempt.flow,
            active=IDENTIFIER_FIRST,
            internal=dict(attempt.flow.internal) | known,
            values={},
            problems=(),
            messages=(),
        )
        return Pending(flow)


def _methods(attempt: Attempt, svc: Services) -> list[str]:
    if not attempt.form.text(IDENTIFIER):
        return []
    if svc.config.security.account_enumeration.mitigate:
        return [PASSWORD] if svc.config.selfservice.methods.password.enabled else []
    key = IdentifierFirst().keys(attempt.form, svc)[0]
    entry = svc.identities.read_identifier(attempt.found[key])
    return [PASSWORD] if entry is not None and entry.hashed_password else []
