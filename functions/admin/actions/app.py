"""/admin/actions…: which actions run where, and what they do."""

from vestibule.edge.endpoint import Api, endpoint
from vestibule.resources import actions

handler = endpoint(actions.serve, api=Api.ADMIN)
