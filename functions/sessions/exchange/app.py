"""GET /sessions/token-exchange: a session token for the two codes of a native app."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources.session_exchange import exchange

handler = endpoint(exchange)
