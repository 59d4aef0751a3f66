"""/sessions/whoami, any verb: the session that the request carries."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import sessions

handler = endpoint(sessions.whoami)
