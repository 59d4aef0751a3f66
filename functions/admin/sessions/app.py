"""/admin/sessions…: sessions of all identities."""

from vestibule.edge.endpoint import Api, endpoint
from vestibule.resources import admin_sessions

handler = endpoint(admin_sessions.serve, api=Api.ADMIN)
