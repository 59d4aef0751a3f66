"""What no other route of the admin API takes."""

from vestibule.edge import fallback
from vestibule.edge.endpoint import Api, endpoint

handler = endpoint(fallback.admin, api=Api.ADMIN)
