"""A backup code as second factor. Contract 03 §7."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.errors import ServiceUnavailable
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.message import Message, Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import lookup_secret, second_factor
from vestibule.methods.lookup_secret import AT, LOOKUP_SECRET
from vestibule.methods.method import Attempt, Form, Proven, Verdict
from vestibule.ports import ConditionFailed, Key
from vestibule.services import Services
from vestibule.stores.credentials import StoredSecret
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

_TRIES = 12
"""Other codes of the same person may be used at the same moment, once each."""


class LookupSecretLogin(Struct, frozen=True):
    id: str = LOOKUP_SECRET
    fields: tuple[str, ...] = (LOOKUP_SECRET,)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.lookup_secret.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == LOOKUP_SECRET

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if not second_factor.offered(LOOKUP_SECRET, flow):
            return ()
        value, label = second_factor.blank(LOOKUP_SECRET, flow), messages.LOGIN_LOOKUP_LABEL()
        return (
            input_node(LOOKUP_SECRET, "text", LOOKUP_SECRET, value=value, required=True, label=label),
            submit_node("method", LOOKUP_SECRET, LOOKUP_SECRET, messages.LOGIN_LOOKUP()),
        )

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        """Whose code it is says the session. A code that is right is used up at once. Raises TooManyRequests."""
        code = attempt.form.text(LOOKUP_SECRET).strip()
        if not code:
            return second_factor.refused(LOOKUP_SECRET, Problem(messages.REQUIRED(property=LOOKUP_SECRET), AT))
        identity = second_factor.owner(attempt)
        if identity.credential(LOOKUP_SECRET) is None:
            return second_factor.refused(LOOKUP_SECRET, Problem(messages.NO_LOOKUP()))
        wrong = _use(code, identity, second_factor.guarded(identity, LOOKUP_SECRET, svc), svc)
        if wrong is not None:
            return second_factor.refused(LOOKUP_SECRET, Problem(wrong))
        return Proven(
            identity,
            AuthenticationMethod(LOOKUP_SECRET, Aal.AAL2, svc.clock.now()),
            beside=(lambda: svc.table.write(svc.guesses.succeeded(LOOKUP_SECRET, identity.id)),),
        )


def _use(code: str, identity: Identity, stored: StoredSecret | None, svc: Services) -> Message | None:
    """Mark the code as used, or say why it cannot be. Of any number of requests with one code, one marks it.

    Raises ServiceUnavailable.
    """
    for _ in range(_TRIES):
        codes = lookup_secret.entries(stored)
        index = lookup_secret.position(codes, code)
        if index is None or stored is None:
            return messages.LOOKUP_INVALID()
        if lookup_secret.used_at(codes[index]) is not None:
            return messages.LOOKUP_ALREADY_USED()
        config = lookup_secret.using(codes, index, svc.clock.now())
        try:
            svc.table.write(svc.credentials.replacing(identity.id, LOOKUP_SECRET, config, stored))
        except ConditionFailed:
            stored = svc.credentials.find(identity.id, LOOKUP_SECRET)
        else:
            return None
    raise ServiceUnavailable("Too many backup codes are used at once; try again")
