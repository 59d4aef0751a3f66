"""GET /self-service/recovery/flows: show a recovery flow."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import recovery

handler = endpoint(recovery.fetch)
