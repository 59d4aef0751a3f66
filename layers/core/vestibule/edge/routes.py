"""The routes of both APIs: who asks for what none of them takes is told which verbs a path has, or the other API."""

from __future__ import annotations

from typing import Literal

Side = Literal["public", "admin"]

Route = tuple[Side, str, str]
"""(API, verb or ANY, path). A path's `{variable}` stands for one segment."""

VERBS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def verbs(side: Side, path: str) -> tuple[str, ...]:
    """The verbs that the API takes at the path, sorted as `Allow` lists them; none where the path is unknown."""
    asked = path.split("/")
    found = {verb for api, verb, route in ROUTES if api == side and _fits(route.split("/"), asked)}
    return VERBS if "ANY" in found else tuple(sorted(found))


def _fits(route: list[str], asked: list[str]) -> bool:
    return len(route) == len(asked) and all(
        wanted == given or (bool(given) and wanted.startswith("{")) for wanted, given in zip(route, asked, strict=True)
    )


# --- the table, written by `make routes` from template.yaml ----------------------------------------------------------

ROUTES: tuple[Route, ...] = (
    ("admin", "GET", "/admin/courier/messages"),
    ("admin", "HEAD", "/admin/courier/messages"),
    ("admin", "GET", "/admin/courier/messages/{id}"),
    ("admin", "HEAD", "/admin/courier/messages/{id}"),
    ("admin", "GET", "/admin/identities"),
    ("admin", "HEAD", "/admin/identities"),
    ("admin", "PATCH", "/admin/identities"),
    ("admin", "POST", "/admin/identities"),
    ("admin", "GET", "/admin/identities/by/external/{externalID}"),
    ("admin", "HEAD", "/admin/identities/by/external/{externalID}"),
    ("admin", "DELETE", "/admin/identities/{id}"),
    ("admin", "GET", "/admin/identities/{id}"),
    ("admin", "HEAD", "/admin/identities/{id}"),
    ("admin", "PATCH", "/admin/identities/{id}"),
    ("admin", "PUT", "/admin/identities/{id}"),
    ("admin", "DELETE", "/admin/identities/{id}/credentials/{type}"),
    ("admin", "DELETE", "/admin/identities/{id}/sessions"),
    ("admin", "GET", "/admin/identities/{id}/sessions"),
    ("admin", "HEAD", "/admin/identities/{id}/sessions"),
    ("admin", "GET", "/admin/sessions"),
    ("admin", "HEAD", "/admin/sessions"),
    ("admin", "POST", "/admin/sessions"),
    ("admin", "DELETE", "/admin/sessions/{id}"),
    ("admin", "GET", "/admin/sessions/{id}"),
    ("admin", "HEAD", "/admin/sessions/{id}"),
    ("admin", "PATCH", "/admin/sessions/{id}/extend"),
    ("admin", "GET", "/courier/messages"),
    ("admin", "HEAD", "/courier/messages"),
    ("admin", "GET", "/courier/messages/{id}"),
    ("admin", "HEAD", "/courier/messages/{id}"),
    ("admin", "GET", "/health/alive"),
    ("admin", "HEAD", "/health/alive"),
    ("admin", "GET", "/health/config"),
    ("admin", "HEAD", "/health/config"),
    ("admin", "GET", "/health/ready"),
    ("admin", "HEAD", "/health/ready"),
    ("admin", "GET", "/identities"),
    ("admin", "HEAD", "/identities"),
    ("admin", "PATCH", "/identities"),
    ("admin", "POST", "/identities"),
    ("admin", "GET", "/identities/by/external/{externalID}"),
    ("admin", "HEAD", "/identities/by/external/{externalID}"),
    ("admin", "DELETE", "/identities/{id}"),
    ("admin", "GET", "/identities/{id}"),
    ("admin", "HEAD", "/identities/{id}"),
    ("admin", "PATCH", "/identities/{id}"),
    ("admin", "PUT", "/identities/{id}"),
    ("admin", "DELETE", "/identities/{id}/credentials/{type}"),
    ("admin", "DELETE", "/identities/{id}/sessions"),
    ("admin", "GET", "/identities/{id}/sessions"),
    ("admin", "HEAD", "/identities/{id}/sessions"),
    ("admin", "GET", "/sessions"),
    ("admin", "HEAD", "/sessions"),
    ("admin", "POST", "/sessions"),
    ("admin", "DELETE", "/sessions/{id}"),
    ("admin", "GET", "/sessions/{id}"),
    ("admin", "HEAD", "/sessions/{id}"),
    ("admin", "PATCH", "/sessions/{id}/extend"),
    ("admin", "GET", "/version"),
    ("admin", "HEAD", "/version"),
    ("public", "GET", "/.well-known/change-password"),
    ("public", "HEAD", "/.well-known/change-password"),
    ("public", "GET", "/.well-known/ory/webauthn.js"),
    ("public", "HEAD", "/.well-known/ory/webauthn.js"),
    ("public", "GET", "/health/alive"),
    ("public", "HEAD", "/health/alive"),
    ("public", "GET", "/health/ready"),
    ("public", "HEAD", "/health/ready"),
    ("public", "GET", "/schemas"),
    ("public", "HEAD", "/schemas"),
    ("public", "GET", "/schemas/{id}"),
    ("public", "HEAD", "/schemas/{id}"),
    ("public", "GET", "/self-service/errors"),
    ("public", "HEAD", "/self-service/errors"),
    ("public", "GET", "/self-service/login"),
    ("public", "HEAD", "/self-service/login"),
    ("public", "POST", "/self-service/login"),
    ("public", "GET", "/self-service/login/api"),
    ("public", "HEAD", "/self-service/login/api"),
    ("public", "GET", "/self-service/login/browser"),
    ("public", "HEAD", "/self-service/login/browser"),
    ("public", "GET", "/self-service/login/flows"),
    ("public", "HEAD", "/self-service/login/flows"),
    ("public", "GET", "/self-service/logout"),
    ("public", "HEAD", "/self-service/logout"),
    ("public", "DELETE", "/self-service/logout/api"),
    ("public", "GET", "/self-service/logout/browser"),
    ("public", "HEAD", "/self-service/logout/browser"),
    ("public", "GET", "/self-service/registration"),
    ("public", "HEAD", "/self-service/registration"),
    ("public", "POST", "/self-service/registration"),
    ("public", "GET", "/self-service/registration/api"),
    ("public", "HEAD", "/self-service/registration/api"),
    ("public", "GET", "/self-service/registration/browser"),
    ("public", "HEAD", "/self-service/registration/browser"),
    ("public", "GET", "/self-service/registration/flows"),
    ("public", "HEAD", "/self-service/registration/flows"),
    ("public", "GET", "/self-service/settings"),
    ("public", "HEAD", "/self-service/settings"),
    ("public", "POST", "/self-service/settings"),
    ("public", "GET", "/self-service/settings/api"),
    ("public", "HEAD", "/self-service/settings/api"),
    ("public", "GET", "/self-service/settings/browser"),
    ("public", "HEAD", "/self-service/settings/browser"),
    ("public", "GET", "/self-service/settings/flows"),
    ("public", "HEAD", "/self-service/settings/flows"),
    ("public", "GET", "/self-service/verification"),
    ("public", "HEAD", "/self-service/verification"),
    ("public", "POST", "/self-service/verification"),
    ("public", "GET", "/self-service/verification/api"),
    ("public", "HEAD", "/self-service/verification/api"),
    ("public", "GET", "/self-service/verification/browser"),
    ("public", "HEAD", "/self-service/verification/browser"),
    ("public", "GET", "/self-service/verification/flows"),
    ("public", "HEAD", "/self-service/verification/flows"),
    ("public", "DELETE", "/sessions"),
    ("public", "GET", "/sessions"),
    ("public", "HEAD", "/sessions"),
    ("public", "GET", "/sessions/token-exchange"),
    ("public", "HEAD", "/sessions/token-exchange"),
    ("public", "ANY", "/sessions/whoami"),
    ("public", "DELETE", "/sessions/{id}"),
    ("public", "GET", "/ui/assets/{asset}"),
    ("public", "HEAD", "/ui/assets/{asset}"),
    ("public", "GET", "/ui/{page}"),
    ("public", "HEAD", "/ui/{page}"),
    ("public", "GET", "/version"),
    ("public", "HEAD", "/version"),
)
