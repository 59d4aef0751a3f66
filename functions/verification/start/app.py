"""GET /self-service/verification/browser and /api: open a verification flow."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import verification

handler = endpoint(verification.start)
