"""The kernel of one-time codes as flows know it. Methods, a layer below, use it directly."""

from __future__ import annotations

from vestibule.methods.codes import DIGITS, matching, new_code, new_link_token, sent, without

__all__ = ["DIGITS", "matching", "new_code", "new_link_token", "sent", "without"]
