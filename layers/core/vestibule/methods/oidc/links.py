"""Accounts at providers that belong to an identity: its credential of type oidc. Contract 03 §10."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vestibule.domain.credential import Credential, CredentialType
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods.factors import entries
from vestibule.services import Services
from vestibule.stores.derivation import without_credential

if TYPE_CHECKING:
    from vestibule.methods.oidc.client import Tokens
    from vestibule.methods.oidc.providers import Provider

OIDC = CredentialType.OIDC.value


def identifier(provider_id: str, subject: str) -> str:
    """The same subject at another provider is somebody else."""
    return f"{provider_id}:{subject}"


def entry(provider: Provider, subject: str, tokens: Tokens) -> Json:
    """As administrators see it; stored sealed, like every credential's config."""
    return {
        "subject": subject,
        "provider": provider.id,
        "initial_id_token": tokens.id,
        "initial_access_token": tokens.access,
        "initial_refresh_token": tokens.refresh,
    }


def factor(provider: Provider, claims: Json, svc: Services) -> AuthenticationMethod:
    """A sign-in that the provider calls strong, in words that the configuration knows, counts as two factors."""
    acr, amr = claims.get("acr", ""), tuple(claims.get("amr", ()))
    strong = acr in provider.config.aal2_acr_values or not set(amr).isdisjoint(provider.config.aal2_amr_values)
    level = Aal.AAL2 if strong else Aal.AAL1
    return AuthenticationMethod(OIDC, level, svc.clock.now(), provider.id, acr=acr, amr=amr)


def linked(identity: Identity) -> tuple[str, ...]:
    """The ids of the providers that the identity is linked with, in order."""
    credential = identity.credential(OIDC)
    identifiers = credential.identifiers if credential else ()
    return tuple(dict.fromkeys(each.partition(":")[0] for each in identifiers))


def with_link(identity: Identity, config: Json, added: Json, svc: Services) -> tuple[Identity, Json]:
    """The identity, and its config, with one more account at a provider."""
    return _of(identity, [*entries(config, "providers"), added], svc)


def without_link(identity: Identity, config: Json, provider_id: str, svc: Services) -> tuple[Identity, Json | None]:
    """Without its accounts at that provider; the config is None when none is left."""
    kept = [each for each in entries(config, "providers") if each.get("provider") != provider_id]
    if not kept:
        return without_credential(identity, OIDC), None
    return _of(identity, kept, svc)


def _of(identity: Identity, providers: Sequence[Json], svc: Services) -> tuple[Identity, Json]:
    now = svc.clock.now()
    names = tuple(identifier(str(each.get("provider", "")), str(each.get("subject", ""))) for each in providers)
    present = identity.credential(OIDC)
    if present is None:
        made = Credential(type=OIDC, identifiers=names, created_at=now, updated_at=now, version=0)
    else:
        made = replace(present, identifiers=names, updated_at=now)
    others = tuple(each for each in identity.credentials if each.type != OIDC)
    credentials = tuple(sorted((*others, made), key=lambda each: each.type))
    return replace(identity, credentials=credentials), {"providers": list(providers)}


# --- one that waits -------------------------------------------------------------------------------------


def waiting(owner_id: str, added: Json, shown: AuthenticationMethod, svc: Services) -> Json:
    """An account at a provider that becomes `owner_id`'s when they have signed in: to be kept in that flow.

    It holds the provider's tokens, so it is sealed.
    """
    document = [added, str(shown.aal), shown.acr, list(shown.amr)]
    sealed = svc.journey_sealer.seal(json.dumps(document).encode(), context=owner_id.encode())
    return {"who": owner_id, "sealed": sealed}


def waited(kept: Json, svc: Services) -> tuple[Json, AuthenticationMethod] | None:
    """The account, and the sign-in that it stands for; None where the secret that sealed it is gone."""
    plain = svc.journey_sealer.open(kept["sealed"], context=kept["who"].encode())
    if plain is None:
        return None
    added, level, acr, amr = json.loads(plain)
    factor_ = AuthenticationMethod(OIDC, Aal(level), svc.clock.now(), added["provider"], acr=acr, amr=tuple(amr))
    return added, factor_
