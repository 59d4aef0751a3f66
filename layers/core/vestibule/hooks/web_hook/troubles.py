"""What whoever waits for a call is told of its failure: why, and nothing of the target."""

from __future__ import annotations

import logging
from typing import Any

from vestibule.domain.errors import BadGateway, FlowError, GatewayTimeout
from vestibule.ports import SecretUnavailable, WebTimeout

_log = logging.getLogger("vestibule")

_LATER = "try again later"


class Improper(Exception):
    """What a target or template gave cannot be used. The text says what, and nothing of the target's address."""


def told(trouble: Exception, what: str, extra: dict[str, Any]) -> FlowError:
    """The answer; the log has more. `what` was called (`a web hook`), `extra` says which one."""
    if isinstance(trouble, Improper):
        _log.warning("%s failed: %s", what, trouble, extra=extra)
        return BadGateway(f"A service that takes part in this did not answer as it should; {_LATER}")
    if isinstance(trouble, WebTimeout):
        _log.warning("%s took too long", what, extra=extra)
        return GatewayTimeout(f"A service that takes part in this did not answer in time; {_LATER}")
    if isinstance(trouble, SecretUnavailable):
        _log.error("a secret of %s cannot be read: %s", what, trouble, extra=extra)
    else:
        _log.warning("%s could not be reached", what, extra=extra)
    return BadGateway(f"A service that takes part in this could not be reached; {_LATER}")
