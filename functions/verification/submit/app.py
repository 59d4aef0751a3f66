"""POST /self-service/verification: send a code or link, or check it. GET: the link was opened."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import verification

handler = endpoint(verification.submit)
