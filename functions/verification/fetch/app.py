"""GET /self-service/verification/flows: the verification flow, for the page that draws it."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import verification

handler = endpoint(verification.fetch)
