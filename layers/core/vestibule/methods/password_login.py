"""Sign in with identifier and password. Contract 03 §3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.normalise import identifier as normalised
from vestibule.domain.errors import TooManyRequests
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.domain.session import NIL_UUID, Aal, AuthenticationMethod
from vestibule.methods.identifier import identifier_nodes
from vestibule.methods.method import Attempt, Form, Proven, Rejected, Verdict
from vestibule.methods.password_policy import LONGEST
from vestibule.ports import Item, Key, PasswordTooLong
from vestibule.services import Services
from vestibule.stores.guesses import Refused
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

PASSWORD = "password"  # noqa: S105 (the name of the method)


class PasswordLogin(Struct, frozen=True):
    id: str = PASSWORD
    fields: tuple[str, ...] = ("identifier", "password_identifier", "password")

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.password.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == PASSWORD

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        offered = flow.internal.get("methods")
        if flow.requested_aal != Aal.AAL1 or (offered is not None and PASSWORD not in offered):
            return ()
        if svc.config.selfservice.flows.login.style == "identifier_first" and offered is None and not flow.refresh:
            return ()
        label = messages.LOGIN() if flow.refresh else messages.LOGIN_PASSWORD()
        return (
            *identifier_nodes(flow, svc),
            input_node(
                "password",
                "password",
                PASSWORD,
                required=True,
                autocomplete="current-password",
                label=messages.LABEL_INPUT_PASSWORD(),
            ),
            submit_node("method", PASSWORD, PASSWORD, label),
        )

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return (svc.identities.identifier_key(PASSWORD, normalised(_identifier(form))),)

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        form = attempt.form
        identifier, password = _identifier(form), form.text("password")
        values: dict[str, Any] = {} if attempt.flow.refresh else {"identifier": identifier}
        missing = _missing(identifier=identifier, password=password)
        if missing:
            return Rejected(missing, values)
        if len(password.encode("utf-8", "surrogatepass")) > LONGEST:
            return Rejected((Problem(messages.INVALID_CREDENTIALS()),), values)
        item = attempt.found[self.keys(form, svc)[0]]
        identity, failures, beside = _checked(attempt, identifier, password, item, svc)
        if identity is None:
            return Rejected((Problem(messages.INVALID_CREDENTIALS()),), values)
        factor = AuthenticationMethod(PASSWORD, Aal.AAL1, svc.clock.now())
        return Proven(identity, factor, beside=beside, failures=failures)


def _identifier(form: Form) -> str:
    return form.text("identifier") or form.text("password_identifier")


def _missing(**fields: str) -> tuple[Problem, ...]:
    return tuple(Problem(messages.REQUIRED(property=name), f"#/{name}") for name, value in fields.items() if not value)


def _checked(
    attempt: Attempt, identifier: str, password: str, item: Item | None, svc: Services
) -> tuple[Identity | None, int, tuple[Callable[[], object], ...]]:
    """Whom identifier and password belong to, how many wrong guesses came before, and what to do beside the sign-in.

    `item` is the identifier's entry.

    Hash, reserve the guess and read the identity side by side; known and unknown identifiers cost the same. The
    comparison counts only if the reservation held. Raises TooManyRequests.
    """
    entry = svc.identities.read_identifier(item)
    hashed = entry.hashed_password if entry else None
    # By account where there is one: whoever has several identifiers has no more guesses for that.
    subject = svc.index.hmac("guess:password", entry.identity_id if entry else normalised(identifier))
    matches, reservation, identity = svc.parallel(
        lambda: svc.hasher.verify(password, hashed or svc.hasher.decoy()),
        lambda: svc.guesses.reserve(PASSWORD, subject),
        lambda: svc.identities.find(entry.identity_id if entry else NIL_UUID),
    )
    if isinstance(reservation, Refused):
        raise TooManyRequests("Too many attempts to sign in; wait a little", retry_after=reservation.retry_after)
    beside = [lambda: svc.table.write(svc.guesses.succeeded(PASSWORD, subject))]
    if item is not None and entry is not None and entry.elsewhere and identity is not None:
        if not _is_former(attempt, identity, identifier, password, svc):
            return None, 0, ()
        return identity, reservation.count - 1, (*beside, lambda: _renew(identity, password, "", item, svc))
    if not matches or hashed is None or identity is None:
        return None, 0, ()
    if item is not None and entry is not None and (entry.rotated or svc.hasher.needs_rehash(hashed)):
        beside.append(lambda: _renew(identity, password, hashed, item, svc))
    return identity, reservation.count - 1, tuple(beside)


def _is_former(attempt: Attempt, identity: Identity, identifier: str, password: str, svc: Services) -> bool:
    """The guess is counted already: so nobody can ask the other system more often than us."""
    flow = replace(attempt.flow, active=PASSWORD, transient_payload=dict(attempt.form.transient_payload))
    return svc.ask_former_system(attempt.request, flow, identity, identifier, password, svc)


def _renew(identity: Identity, password: str, hashed: str, item: Item, svc: Services) -> None:
    """Store the password as the configuration has it now: the plain text, for another hash, is only here now."""
    try:
        anew = not hashed or svc.hasher.needs_rehash(hashed)
        config = {"hashed_password": svc.hasher.hash(password) if anew else hashed}
    except PasswordTooLong:
        return
    svc.identities.replace_secret(identity, PASSWORD, config, read=item)
