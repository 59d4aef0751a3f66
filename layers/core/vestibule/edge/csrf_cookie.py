"""Which requests are given a CSRF cookie when they come without one. Contract 01 §2, 07 §2."""

from __future__ import annotations

import re

_EXEMPT = re.compile(
    r"""
      /self-service/\w+/api              # native apps start here; they have no cookies
    | /self-service/(login|registration|recovery|verification|settings)
    | /self-service/methods/oidc/.*
    | /self-service/recovery/(code|link)
    | /sessions(/.*)?
    | /schemas/.+
    | /health/.* | /version
    | (/admin)?/(identities|courier)(/.*)? | /admin(/.*)?
    | /ui/assets/.*                      # cached by everybody
    """,
    re.VERBOSE,
)


def issued_at(method: str, path: str) -> bool:
    """Whether this is an address that browsers open and that issues the cookie (for a wrong POST too, as recorded)."""
    return method != "OPTIONS" and _EXEMPT.fullmatch(path) is None
