"""GET /self-service/logout/browser: the address that ends this browser's session."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import logout

handler = endpoint(logout.start)
