"""GET /self-service/login/flows: the login flow, for the page that draws it."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import login

handler = endpoint(login.fetch)
