"""GET /self-service/settings/flows: the settings flow, for the page that draws it."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import settings

handler = endpoint(settings.fetch)
