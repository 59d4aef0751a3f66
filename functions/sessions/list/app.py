"""GET /sessions: the other active sessions of the signed-in identity."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import sessions

handler = endpoint(sessions.listing)
