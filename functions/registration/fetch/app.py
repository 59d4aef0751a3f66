"""GET /self-service/registration/flows: the registration flow, for the page that draws it."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import registration

handler = endpoint(registration.fetch)
