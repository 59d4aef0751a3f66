"""Clients of AWS services by botocore. Importing this costs 350 ms of a cold start.

Not by boto3 on top of it: that brings the transfer manager for S3 along, which nothing here uses. All clients come from
one session: what botocore reads from its files about endpoints is read once, and credentials are looked for once.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false
# (botocore has no types of its own; what leaves this module has)

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from botocore.session import get_session

_making = Lock()


def client(service: str, **options: Any) -> Any:
    """What `boto3.client` gives, with the options of `Session.create_client`."""
    with _making:  # making a client is not safe under threads, using it is
        return _session().create_client(service, **options)


@cache
def _session() -> Any:
    return get_session()
