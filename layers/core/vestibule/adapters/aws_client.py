"""Clients of AWS services by botocore. Importing this costs 350 ms of a cold start.

Not by boto3 on top of it: that brings the transfer manager for S3 along, which nothing here uses. What botocore reads
from its files about endpoints and services is read once for all clients.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false
# (botocore has no types of its own; what leaves this module has)

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import create_loader
from botocore.session import get_session


def client(service: str, **options: Any) -> Any:
    """What `boto3.client` gives, with the options of `Session.create_client`. Making one is not safe under threads."""
    session = get_session()
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    return session.create_client(service, **options)


@cache
def _loader(path: str | None) -> Any:
    return create_loader(path)
