"""GET /self-service/settings/browser and /api: open a settings flow."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import settings

handler = endpoint(settings.start)
