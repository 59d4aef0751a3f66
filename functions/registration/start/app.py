"""GET /self-service/registration/browser and /api: open a registration flow."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import registration

handler = endpoint(registration.start)
