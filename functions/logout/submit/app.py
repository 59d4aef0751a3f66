"""GET /self-service/logout and DELETE /self-service/logout/api: end the session."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import logout

handler = endpoint(logout.submit)
