"""POST /self-service/login: check the credential that the form names."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import login

handler = endpoint(login.submit)
