"""/admin/identities…: identities, their credentials and sessions."""

from vestibule.edge.endpoint import Api, endpoint
from vestibule.resources import identities

handler = endpoint(identities.serve, api=Api.ADMIN)
