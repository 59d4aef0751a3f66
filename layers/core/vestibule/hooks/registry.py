"""Every hook that is built: one row a hook. Where each may stand is `config.hooks.CAPABILITIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vestibule.hooks.hook import Hook
from vestibule.hooks.notify_previous_addresses import NotifyPreviousAddresses
from vestibule.hooks.require_verified_address import RequireVerifiedAddress
from vestibule.hooks.revoke_active_sessions import RevokeActiveSessions
from vestibule.hooks.session import OpenSession
from vestibule.hooks.show_verification_ui import ShowVerificationUi
from vestibule.hooks.verification import Verification
from vestibule.hooks.verify_new_address import VerifyNewAddress
from vestibule.hooks.web_hook.hook import CallWebHook

HOOKS: Mapping[str, Callable[[Any], Hook]] = {
    "notify_previous_addresses": NotifyPreviousAddresses,
    "require_verified_address": RequireVerifiedAddress,
    "revoke_active_sessions": RevokeActiveSessions,
    "session": OpenSession,
    "show_verification_ui": ShowVerificationUi,
    "verification": Verification,
    "verify_new_address": VerifyNewAddress,
    "web_hook": CallWebHook,
}
