"""Every hook that is built: one row a hook. Where each may stand is `config.hooks.CAPABILITIES`.

A hook is imported where it is configured: most are not, and calls to the outside alone take a dozen modules.
"""

from __future__ import annotations

from typing import Any

from vestibule.hooks.hook import Hook


def made(name: str, entry: Any) -> Hook | None:
    """The hook of an entry; None for one that is not built."""
    match name:
        case "notify_authenticator_added":
            from vestibule.hooks.notify_authenticator_added import NotifyAuthenticatorAdded as Made
        case "notify_previous_addresses":
            from vestibule.hooks.notify_previous_addresses import NotifyPreviousAddresses as Made
        case "require_verified_address":
            from vestibule.hooks.require_verified_address import RequireVerifiedAddress as Made
        case "revoke_active_sessions":
            from vestibule.hooks.revoke_active_sessions import RevokeActiveSessions as Made
        case "session":
            from vestibule.hooks.session import OpenSession as Made
        case "show_verification_ui":
            from vestibule.hooks.show_verification_ui import ShowVerificationUi as Made
        case "verification":
            from vestibule.hooks.verification import Verification as Made
        case "verify_new_address":
            from vestibule.hooks.verify_new_address import VerifyNewAddress as Made
        case "web_hook":
            from vestibule.hooks.web_hook.hook import CallWebHook as Made
        case _:
            return None
    return Made(entry)
