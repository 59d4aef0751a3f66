"""/admin/recovery…: codes and links that let people back in, made by administrators."""

from vestibule.edge.endpoint import Api, endpoint
from vestibule.resources import admin_recovery

handler = endpoint(admin_recovery.serve, api=Api.ADMIN)
