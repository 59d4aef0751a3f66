"""DELETE /sessions and /sessions/{id}, POST /ui/sessions: end other sessions of the signed-in identity."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import sessions

handler = endpoint(sessions.revoke)
