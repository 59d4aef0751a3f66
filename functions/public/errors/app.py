"""GET /self-service/errors: what went wrong, for the error page."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import errors

handler = endpoint(errors.show)
