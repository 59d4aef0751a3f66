"""GET /health/alive, /health/ready and /version on the public API."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import health

handler = endpoint(health.show)
