"""POST and GET /self-service/recovery: send a code or link, or let in whoever has it."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import recovery

handler = endpoint(recovery.submit)
