"""/admin/courier…: messages that were sent or wait to be."""

from vestibule.edge.endpoint import Api, endpoint
from vestibule.resources import courier

handler = endpoint(courier.serve, api=Api.ADMIN)
