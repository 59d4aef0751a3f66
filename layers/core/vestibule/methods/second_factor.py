"""What the second factors of a sign-in have in common. Contract 01 §4, 03 §6 and §7."""

from __future__ import annotations

from vestibule.domain.credential import CredentialType
from vestibule.domain.errors import Aal1Required, TooManyRequests
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal
from vestibule.methods.method import Attempt, Rejected
from vestibule.services import Services
from vestibule.stores.credentials import StoredSecret
from vestibule.stores.guesses import Refused

FACTORS = "factors"
"""`flow.internal["factors"]`: the credential types of whoever started a flow for the second factor."""


def held(identity: Identity | None) -> list[str]:
    """What to remember under FACTORS."""
    return [credential.type for credential in identity.credentials] if identity else []


def reachable(identity: Identity | None, svc: Services) -> bool:
    """Whether the identity has a second factor: then `highest_available` asks for one.

    Addresses for codes count by the configuration of now, everything else is known with the identity.
    """
    if identity is None:
        return False
    if identity.aal2_possible:
        return True
    addresses = identity.credential(CredentialType.CODE)
    return codes_count(svc) and addresses is not None and bool(addresses.identifiers)


def codes_count(svc: Services) -> bool:
    """Codes are a second factor only where nobody signs in with them alone: else one mailbox would be both."""
    config = svc.config.selfservice.methods.code
    return config.mfa_enabled and not config.passwordless_enabled


def offered(type_: str, flow: Flow) -> bool:
    return flow.requested_aal == Aal.AAL2 and type_ in flow.internal.get(FACTORS, ())


def blank(name: str, flow: Flow) -> str | None:
    """The value of the field: as recorded an empty text, and none once the method has refused it."""
    return None if name in flow.values else ""


def refused(name: str, problem: Problem) -> Rejected:
    return Rejected((problem,), {name: None})


def owner(attempt: Attempt) -> Identity:
    """Who shows a second factor: whoever the session says. Raises Aal1Required."""
    if attempt.session is None or attempt.session.identity is None:
        raise Aal1Required("A second factor needs a session with a first one: sign in first")
    return attempt.session.identity


def guarded(identity: Identity, type_: str, svc: Services) -> StoredSecret | None:
    """The secret that is guessed at, with the guess counted beside reading it. Raises TooManyRequests."""
    stored, reservation = svc.parallel(
        lambda: svc.credentials.find(identity.id, type_),
        lambda: svc.guesses.reserve(type_, identity.id),
    )
    if isinstance(reservation, Refused):
        raise TooManyRequests("Too many attempts with this factor; wait a little", retry_after=reservation.retry_after)
    return stored
