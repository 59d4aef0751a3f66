"""What a flow of somebody who is signed in knows of their keys from its start: then drawing it reads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.session import Aal
from vestibule.methods.code import CODE
from vestibule.methods.factors import has_password
from vestibule.methods.identifier import IDENTIFIER
from vestibule.methods.keys import held
from vestibule.methods.keys.ceremony import PASSKEY, WEBAUTHN
from vestibule.methods.password_login import PASSWORD
from vestibule.services import Services

KEYS, PASSKEYS = "keys", "passkeys"
"""`flow.internal[…]`: ids of the security keys, or the passkeys, that may sign; base64url."""


def for_second_factor(flow: Flow, identity: Identity | None, svc: Services) -> Json:
    """Security keys that are second factors. Read only for people who have a second factor, where keys are on."""
    offered = svc.config.selfservice.methods.webauthn.enabled and not flow.is_api
    if not offered or identity is None or not identity.aal2_possible:
        return {}
    config = svc.identities.configs(identity.id, [WEBAUTHN]).get(WEBAUTHN, {})
    keys = held.entries(config, passwordless=False)
    return {KEYS: held.ids(keys), IDENTIFIER: _identifier(identity, WEBAUTHN)} if keys else {}


def for_refresh(flow: Flow, identity: Identity | None, svc: Services) -> Json:
    """First factors that the person has, where keys are among them: the form offers these and no others."""
    offered = first_factors_with_keys(flow, svc)
    if identity is None or not any(identity.credential(type_) for type_ in offered):
        return {}
    configs = svc.identities.configs(identity.id, [PASSWORD, *offered])
    keys = held.entries(configs.get(WEBAUTHN, {}), passwordless=True)
    passkeys = held.entries(configs.get(PASSKEY, {}))
    if not keys and not passkeys:
        return {}
    by_code = svc.config.selfservice.methods.code.passwordless_enabled
    return {
        "methods": [*([PASSWORD] if has_password(configs) else ()), *([CODE] if by_code else ())],
        KEYS: held.ids(keys),
        PASSKEYS: held.ids(passkeys),
        IDENTIFIER: _identifier(identity, PASSWORD) or _identifier(identity, WEBAUTHN),
    }


def first_factors_with_keys(flow: Flow, svc: Services) -> list[str]:
    """The methods with keys by which this flow's client could sign in."""
    methods = svc.config.selfservice.methods
    by_key = methods.webauthn.enabled and methods.webauthn.config.passwordless and not flow.is_api
    return [*([PASSKEY] if methods.passkey.enabled else ()), *([WEBAUTHN] if by_key else ())]


def with_keys(configs: Mapping[str, Json], types: Sequence[str]) -> list[str]:
    """Those of the types that have a key which is a first factor."""
    only = {WEBAUTHN: True}
    return [each for each in types if held.entries(configs.get(each, {}), passwordless=only.get(each))]


def _identifier(identity: Identity, type_: str) -> str:
    """By what the person is known; as recorded it only has to be there."""
    for each in (type_, PASSWORD):
        credential = identity.credential(each)
        if credential is not None and credential.identifiers:
            return credential.identifiers[0]
    return ""


def is_for(flow: Flow) -> bool:
    """Whether the flow is one of somebody who is signed in."""
    return flow.refresh or flow.requested_aal == Aal.AAL2
