"""/admin/config…: the configuration in force, changes of it, their history."""

from vestibule.edge import configuring
from vestibule.edge.endpoint import Api, endpoint

handler = endpoint(configuring.serve, api=Api.ADMIN)
