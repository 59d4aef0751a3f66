"""Every hook that is built: one row a hook. Where each may stand is `config.hooks.CAPABILITIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vestibule.hooks.hook import Hook
from vestibule.hooks.session import OpenSession

HOOKS: Mapping[str, Callable[[Any], Hook]] = {
    "session": OpenSession,
}
