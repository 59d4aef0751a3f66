"""POST /self-service/settings: make the change that the form asks for; GET goes on with one that waited."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import settings

handler = endpoint(settings.submit)
