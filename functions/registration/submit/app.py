"""POST /self-service/registration: make the identity that the form describes."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import registration

handler = endpoint(registration.submit)
