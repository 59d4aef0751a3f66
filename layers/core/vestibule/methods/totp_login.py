"""The code of an authenticator app as second factor. Contract 03 §6."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.flow import Flow
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import second_factor
from vestibule.methods.method import Attempt, Form, Proven, Verdict
from vestibule.methods.totp import AT, CODE, TOTP, matching
from vestibule.ports import ConditionFailed, Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node


class TotpLogin(Struct, frozen=True):
    id: str = TOTP
    fields: tuple[str, ...] = (CODE,)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.totp.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == TOTP

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if not second_factor.offered(TOTP, flow):
            return ()
        value = second_factor.blank(CODE, flow)
        return (
            input_node(CODE, "text", TOTP, value=value, required=True, label=messages.LOGIN_TOTP_LABEL()),
            submit_node("method", TOTP, TOTP, messages.LOGIN_TOTP()),
        )

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        """Whose code it is says the session. A code that is right is used up at once. Raises TooManyRequests."""
        code = attempt.form.text(CODE).strip()
        if not code:
            return second_factor.refused(CODE, Problem(messages.REQUIRED(property=CODE), AT))
        identity = second_factor.owner(attempt)
        if identity.credential(TOTP) is None:
            return second_factor.refused(CODE, Problem(messages.NO_TOTP_DEVICE()))
        stored = second_factor.guarded(identity, TOTP, svc)
        match = matching(str(stored.config.get("totp_url", "")), code, identity.id, svc.clock.now()) if stored else None
        try:
            used = match is None or svc.table.write(match.using(svc)) is None
        except ConditionFailed:
            used = True
        if used:
            return second_factor.refused(CODE, Problem(messages.TOTP_VERIFIER_WRONG()))
        return Proven(
            identity,
            AuthenticationMethod(TOTP, Aal.AAL2, svc.clock.now()),
            beside=(lambda: svc.table.write(svc.guesses.succeeded(TOTP, identity.id)),),
        )
