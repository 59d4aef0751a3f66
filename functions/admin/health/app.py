"""GET /health/…, /version and /health/config on the admin API."""

from vestibule.edge.endpoint import Api, endpoint
from vestibule.resources import health

handler = endpoint(health.show, api=Api.ADMIN)
