"""Every hook that is built: one row a hook. Where each may stand is `config.hooks.CAPABILITIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vestibule.hooks.hook import Hook
from vestibule.hooks.require_verified_address import RequireVerifiedAddress
from vestibule.hooks.revoke_active_sessions import RevokeActiveSessions
from vestibule.hooks.session import OpenSession
from vestibule.hooks.show_verification_ui import ShowVerificationUi
from vestibule.hooks.verification import Verification

HOOKS: Mapping[str, Callable[[Any], Hook]] = {
    "require_verified_address": RequireVerifiedAddress,
    "revoke_active_sessions": RevokeActiveSessions,
    "session": OpenSession,
    "show_verification_ui": ShowVerificationUi,
    "verification": Verification,
}
