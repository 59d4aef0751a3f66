"""Set another password. Contract 03 §3."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.flow import Flow
from vestibule.domain.message import Problem
from vestibule.methods.method import Change, Form, Pending, Rejected, SettingsAttempt
from vestibule.methods.password_registration import PASSWORD, hashed_or_problems
from vestibule.services import Services
from vestibule.stores.derivation import with_credential
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

_AT = "#/password"


class PasswordSettings(Struct, frozen=True):
    id: str = PASSWORD
    fields: tuple[str, ...] = ("password",)
    flags: tuple[str, ...] = ()
    protected: bool = True

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.password.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == PASSWORD

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        return (
            input_node(
                "password",
                "password",
                PASSWORD,
                required=True,
                autocomplete="new-password",
                label=messages.LABEL_INPUT_PASSWORD(),
            ),
            submit_node("method", PASSWORD, PASSWORD, messages.LABEL_SAVE()),
        )

    def submit(self, attempt: SettingsAttempt, svc: Services) -> Change | Rejected | Pending:
        """Raises BadGateway when the policy cannot be checked."""
        password, identity = attempt.form.text("password"), attempt.identity
        if not password:
            return Rejected((Problem(messages.REQUIRED(property="password"), _AT),))
        credential = identity.credential(PASSWORD)
        if credential is None or not credential.identifiers:
            return Rejected((Problem(messages.IDENTIFIER_MISSING()),))
        hashed = hashed_or_problems(password, credential.identifiers, svc)
        if isinstance(hashed, tuple):
            return Rejected(hashed)
        if _is_the_old_one(password, identity.id, svc):
            return Rejected((Problem(messages.PASSWORD_NEW_SAME_AS_OLD(), _AT),))
        now = svc.clock.now()
        changed = with_credential(replace(identity, updated_at=now), PASSWORD, now=now)
        return Change(changed, {PASSWORD: {"hashed_password": hashed}})


def _is_the_old_one(password: str, identity_id: str, svc: Services) -> bool:
    stored = svc.credentials.find(identity_id, PASSWORD)
    hashed = stored.config.get("hashed_password") if stored else None
    return bool(hashed) and svc.hasher.verify(password, str(hashed))
