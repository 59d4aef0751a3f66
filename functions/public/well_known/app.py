"""GET /.well-known/…: change-password and the script for security keys."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import well_known

handler = endpoint(well_known.show)
