"""GET /self-service/login/browser and /api: open a login flow."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import login

handler = endpoint(login.start)
