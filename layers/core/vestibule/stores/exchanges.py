"""What a native app may fetch with the two codes it holds: a session, or the flow that is still open. Contract 01 §15.

It stands in the flow that the app started. The token is sealed for whoever has the second code: that is stored nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from vestibule.crypto.sealing import Sealer
from vestibule.domain.flow import Flow

_EXCHANGE = "exchange"
"""`flow.internal["exchange"]`: the second code's digest, and with it a sealed token or the id and kind of a flow."""


def with_session(flow: Flow, digest: str, token: str, code: str, sealer: Sealer) -> Flow:
    """The flow with a session for whoever presents `code`, whose digest that is."""
    return _with(flow, {"digest": digest, "token": sealer.seal(token.encode(), context=code.encode())})


def with_open_flow(flow: Flow, digest: str, open_: Flow) -> Flow:
    """The flow with the one that its person has to go on with."""
    return _with(flow, {"digest": digest, "flow": open_.id, "kind": str(open_.kind)})


def digest_of(flow: Flow) -> str:
    return _of(flow).get("digest", "")


def token_of(flow: Flow, code: str, sealer: Sealer) -> str | None:
    plain = sealer.open(_of(flow).get("token", ""), context=code.encode())
    return plain.decode() if plain is not None else None


def open_flow_of(flow: Flow) -> tuple[str, str] | None:
    """(id, kind)."""
    kept = _of(flow)
    return (kept["flow"], kept["kind"]) if "flow" in kept else None


def without(flow: Flow) -> Flow:
    """The flow when both codes were used: nothing is left to fetch."""
    internal = {name: value for name, value in flow.internal.items() if name != _EXCHANGE}
    return replace(flow, internal=internal, exchange_code_digest=None)


def _with(flow: Flow, kept: Mapping[str, Any]) -> Flow:
    return replace(flow, internal={**flow.internal, _EXCHANGE: dict(kept)})


def _of(flow: Flow) -> Mapping[str, Any]:
    return flow.internal.get(_EXCHANGE, {})
