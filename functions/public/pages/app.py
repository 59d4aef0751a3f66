"""GET /ui/…: the built-in account pages and what they load."""

from vestibule.edge.endpoint import endpoint
from vestibule.pages import site

handler = endpoint(site.show)
