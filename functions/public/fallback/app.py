"""What no other route of the public API takes."""

from vestibule.edge import fallback
from vestibule.edge.endpoint import endpoint

handler = endpoint(fallback.public)
