"""GET /schemas and /schemas/{id}: the identity schemas."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import schemas

handler = endpoint(schemas.show)
