"""What no other route of the admin API takes."""

from vestibule.edge.endpoint import Api, endpoint
from vestibule.resources import fallback

handler = endpoint(fallback.admin, api=Api.ADMIN)
