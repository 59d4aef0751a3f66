"""What no other route of the public API takes."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import fallback

handler = endpoint(fallback.public)
