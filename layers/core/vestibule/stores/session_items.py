"""Sessions as items.

pk `I#<identity>`, sk `S#<id>`; `th` token digest, `exp` epoch microseconds, `rev`, `ver`, `ttl`, `doc`. GSI1
`SL#<last hex digit>` / id: sixteen partitions, each in order of time, since ids are UUIDv7. `ev` are events that nobody
took yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from vestibule.domain.identity import Identity
from vestibule.domain.session import Aal, AuthenticationMethod, Device, Session
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import Item, Key

_KEPT_AFTER_EXPIRY = timedelta(days=30)


def session_key(identity_id: str, session_id: str) -> Key:
    return (f"I#{identity_id}", f"S#{session_id}")


def shard(session_id: str) -> str:
    return f"SL#{session_id[-1]}"


def to_item(session: Session, *, version: int) -> Item:
    pk, sk = session_key(session.identity_id, session.id)
    document = {
        "iat": to_micros(session.issued_at),
        "aat": to_micros(session.authenticated_at),
        "amr": [_method_row(method) for method in session.methods],
        "dev": [[device.id, device.ip_address, device.user_agent, device.location] for device in session.devices],
    }
    return {
        "pk": pk,
        "sk": sk,
        "g1pk": shard(session.id),
        "g1sk": session.id,
        "th": session.token_digest,
        "exp": to_micros(session.expires_at),
        "rev": session.revoked,
        "ver": version,
        "ttl": epoch_seconds(session.expires_at + _KEPT_AFTER_EXPIRY),
        "doc": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
    }


def read_session(item: Item, identity: Identity | None) -> Session:
    document: Mapping[str, Any] = json.loads(item["doc"])
    return Session(
        id=item["sk"].removeprefix("S#"),
        identity_id=item["pk"].removeprefix("I#"),
        token_digest=item["th"],
        issued_at=from_micros(document["iat"]),
        authenticated_at=from_micros(document["aat"]),
        expires_at=from_micros(item["exp"]),
        methods=tuple(_method(*row) for row in document["amr"]),
        devices=tuple(Device(*row) for row in document["dev"]),
        revoked=item["rev"],
        identity=identity,
        version=item["ver"],
    )


def _method_row(method: AuthenticationMethod) -> list[Any]:
    """What only sign-ins at a provider have is left out for all others."""
    row = [method.method, str(method.aal), to_micros(method.completed_at)]
    return [*row, method.provider, method.organization, method.acr, method.amr] if method.provider else row


def _method(
    name: str, aal: str, at: int, provider: str = "", organization: str = "", acr: str = "", amr: Sequence[str] = ()
) -> AuthenticationMethod:
    return AuthenticationMethod(name, Aal(aal), from_micros(at), provider, organization, acr, tuple(amr))
