"""The admin API's Lambda authoriser, for clients that cannot sign requests: `Authorization: Bearer <key>`."""

from vestibule.edge.authorizer import handler

__all__ = ["handler"]
