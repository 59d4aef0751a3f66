"""Sign in step by step: first who, then how. Contract 01 §4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.normalise import identifier as normalised
from vestibule.domain.flow import Flow, FlowState
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal
from vestibule.methods import code_login
from vestibule.methods.code import CODE
from vestibule.methods.identifier import FIRST, IDENTIFIER, first_node
from vestibule.methods.keys.known import first_factors_with_keys, with_keys
from vestibule.methods.method import Attempt, Form, Pending, Rejected, Verdict
from vestibule.methods.oidc import links
from vestibule.methods.oidc.links import OIDC
from vestibule.methods.oidc_login import PROVIDERS
from vestibule.methods.password_login import PASSWORD
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, submit_node

IDENTIFIER_FIRST = FIRST

REPEATED = "repeated"
"""`flow.internal["repeated"]`: how often somebody changed who they are. As recorded, buttons are added each time."""

_ALL = "methods"
"""`flow.internal["methods"]`: those that the form offers."""


class IdentifierFirst(Struct, frozen=True):
    id: str = IDENTIFIER_FIRST
    fields: tuple[str, ...] = ("identifier",)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.flows.login.style == "identifier_first"

    def responsible(self, form: Form) -> bool:
        return form.method == IDENTIFIER_FIRST

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if flow.refresh or flow.requested_aal != Aal.AAL1:
            return ()
        field = first_node(flow, svc)
        if flow.internal.get(IDENTIFIER):
            return (field,)
        return (field, submit_node("method", IDENTIFIER_FIRST, IDENTIFIER_FIRST, messages.LABEL_CONTINUE()))

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        identifier = form.text(IDENTIFIER)
        password = svc.identities.identifier_key(PASSWORD, normalised(identifier))
        return (password, *(code_login.account_keys(identifier, svc) if _by_code(svc) else ()))

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        """On with the methods that the account has; with enumeration mitigation, with all there are.

        An account that has nothing but codes is sent one at once.
        """
        identifier = attempt.form.text(IDENTIFIER)
        owner = code_login.account(identifier, attempt.found, svc) if _by_code(svc) and identifier else None
        by_provider, providers = _by_provider(attempt, owner, svc)
        methods = [*_methods(attempt, owner, svc), *_by_key(attempt, owner, svc), *by_provider]
        if not methods:
            problem = Problem(messages.ACCOUNT_NOT_FOUND(), f"#/{IDENTIFIER}")
            return Rejected((problem,), {IDENTIFIER: identifier})
        if CODE in methods and owner is None:
            return _without_account(attempt, identifier, methods)
        known = _known(attempt.flow, identifier, methods)
        known = replace(known, internal={**known.internal, **providers})
        if methods == [CODE] and owner is not None:
            return code_login.sent(replace(attempt, flow=known), owner, identifier, svc) or Pending(known)
        return Pending(known)


def _known(flow: Flow, identifier: str, methods: list[str]) -> Flow:
    known: dict[str, Any] = {IDENTIFIER: identifier, _ALL: methods}
    if flow.internal.get(IDENTIFIER):
        known[REPEATED] = min(flow.internal.get(REPEATED, 0) + 1, _MOST_REPEATED)
    return replace(
        flow,
        state=FlowState.CHOOSE_METHOD,
        active=IDENTIFIER_FIRST,
        internal=dict(flow.internal) | known,
        codes=(),
        values={},
        problems=(),
        messages=(),
    )


def _without_account(attempt: Attempt, identifier: str, methods: list[str]) -> Rejected:
    """As recorded: even where accounts are not to be told, codes tell that there is none (contract 07 §4)."""
    flow = replace(attempt.flow, internal=dict(attempt.flow.internal) | {_ALL: methods})
    return Rejected((Problem(messages.NO_CODE_USER()),), {IDENTIFIER: identifier}, flow)


def _methods(attempt: Attempt, owner: str | None, svc: Services) -> list[str]:
    identifier = attempt.form.text(IDENTIFIER)
    if not identifier:
        return []
    if svc.config.security.account_enumeration.mitigate:
        passwords, by_code = svc.config.selfservice.methods.password.enabled, _by_code(svc)
    else:
        entry = svc.identities.read_identifier(
            attempt.found[svc.identities.identifier_key(PASSWORD, normalised(identifier))]
        )
        passwords, by_code = entry is not None and entry.has_password, owner is not None
    return [*([PASSWORD] if passwords else ()), *([CODE] if by_code else ())]


def _by_key(attempt: Attempt, owner: str | None, svc: Services) -> list[str]:
    """First factors with keys: all there are where accounts are not to be told. No read where none is on."""
    offered = first_factors_with_keys(attempt.flow, svc)
    if not offered or not attempt.form.text(IDENTIFIER) or svc.config.security.account_enumeration.mitigate:
        return offered if attempt.form.text(IDENTIFIER) else []
    row = svc.identities.identifier_key(PASSWORD, normalised(attempt.form.text(IDENTIFIER)))
    entry = svc.identities.read_identifier(attempt.found[row])
    identity_id = entry.identity_id if entry else owner
    return with_keys(svc.identities.configs(identity_id, offered), offered) if identity_id else []


def _by_provider(attempt: Attempt, owner: str | None, svc: Services) -> tuple[list[str], dict[str, Any]]:
    """Whether providers sign the account in, and which: all there are where accounts are not to be told."""
    identifier = attempt.form.text(IDENTIFIER)
    if not identifier or not svc.config.selfservice.methods.oidc.enabled:
        return [], {}
    if svc.config.security.account_enumeration.mitigate:
        return [OIDC], {}
    row = svc.identities.identifier_key(PASSWORD, normalised(identifier))
    entry = svc.identities.read_identifier(attempt.found[row])
    identity_id = entry.identity_id if entry else owner
    identity = svc.identities.find(identity_id) if identity_id else None
    linked = links.linked(identity) if identity else ()
    return [OIDC] if linked else [], {PROVIDERS: list(linked)}


def _by_code(svc: Services) -> bool:
    return svc.config.selfservice.methods.code.passwordless_enabled


_MOST_REPEATED = 20
"""A form is to stay small."""
