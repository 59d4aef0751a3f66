"""AWS Lambda Powertools behind `telemetry`: JSON lines with the request's id, counts as EMF."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit, single_metric

_NAMESPACE = "Vestibule"

_logger = Logger(service="vestibule")
copy_config_to_registered_loggers(_logger, include={"vestibule"})
logging.getLogger("vestibule").propagate = False


@contextmanager
def request(event: Mapping[str, Any], context: Any) -> Generator[None]:
    """Puts the gateway's and the function's request id into every line of this request."""
    gateway = event.get("requestContext", {})
    _logger.append_keys(
        correlation_id=gateway.get("requestId"),
        function_request_id=getattr(context, "aws_request_id", None),
        route=gateway.get("routeKey") or event.get("routeKey"),
    )
    yield


def count(name: str, value: str, *, of: str) -> None:
    """One count under `name`, with the dimension `of`: the method, the kind of error, the function."""
    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace=_NAMESPACE) as metric:
        metric.add_dimension(of, value or "none")
