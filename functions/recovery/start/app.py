"""GET /self-service/recovery/browser and /api: open a recovery flow."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import recovery

handler = endpoint(recovery.start)
