"""Sign up with traits and a password. Contract 03 §3."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.errors import BadGateway
from vestibule.domain.flow import Flow
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import traits
from vestibule.methods.method import Attempt, Form, Proven, Rejected, Verdict
from vestibule.methods.password_policy import PolicyUnavailable, violations
from vestibule.ports import Key, PasswordTooLong
from vestibule.services import Services
from vestibule.stores.derivation import with_credential
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

PASSWORD = "password"  # noqa: S105 (the name of the method)


class PasswordRegistration(Struct, frozen=True):
    id: str = PASSWORD
    fields: tuple[str, ...] = ("password",)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.password.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == PASSWORD

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if not traits.asks_for_credentials(flow, svc):
            return ()
        return (
            input_node(
                "password",
                "password",
                PASSWORD,
                required=True,
                autocomplete="new-password",
                label=messages.LABEL_INPUT_PASSWORD(),
            ),
            submit_node("method", PASSWORD, PASSWORD, messages.REGISTRATION()),
        )

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        form = attempt.form
        values = {"traits": form.traits}
        password = form.text("password")
        if not password:
            return Rejected((Problem(messages.REQUIRED(property="password"), "#/password"),), values)
        identity = traits.proposed(attempt, svc)
        if isinstance(identity, tuple):
            return Rejected(identity, values)
        credential = identity.credential(PASSWORD)
        if credential is None or not credential.identifiers:
            return Rejected((Problem(messages.IDENTIFIER_MISSING()),), values)
        hashed = hashed_or_problems(password, credential.identifiers, svc)
        if isinstance(hashed, tuple):
            return Rejected(hashed, values)
        return Proven(
            with_credential(identity, PASSWORD, now=svc.clock.now()),
            AuthenticationMethod(PASSWORD, Aal.AAL1, svc.clock.now()),
            secrets={PASSWORD: {"hashed_password": hashed}},
        )


def hashed_or_problems(password: str, identifiers: Sequence[str], svc: Services) -> str | tuple[Problem, ...]:
    """The hash of a new password, or why it cannot be one. Raises BadGateway when the policy cannot be checked."""
    settings = svc.config.selfservice.methods.password.config
    try:
        problems = violations(password, identifiers, settings, svc)
    except PolicyUnavailable as unavailable:
        raise BadGateway("The list of breached passwords could not be asked; try again soon") from unavailable
    if problems:
        return tuple(problems)
    try:
        return svc.hasher.hash(password)
    except PasswordTooLong as too_long:
        message = messages.PASSWORD_MAX_LENGTH(max_length=too_long.maximum, actual_length=too_long.actual)
        return (Problem(message, "#/password"),)
