"""What `vestibule serve` runs with: the files, the command line, and what is filled in when neither says it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config import load
from vestibule.config.absent import absent
from vestibule.config.document import dig
from vestibule.config.findings import ConfigError
from vestibule.config.loaded import Loaded
from vestibule.local.server import StartError

STATE = Path(".vestibule")
"""Below the current folder: the default store and generated secrets."""

LOOPBACK = "127.0.0.1"
"""The admin API asks nobody who they are here, so that other machines are let in only on request."""

_NEEDED = ("/identity/schemas/", "/courier/templates/")
"""Without the files that stand below these, nothing starts; without others, what needs them fails when it does."""

_SIDES = {"public": 4433, "admin": 4434}


class Options(Struct, frozen=True, kw_only=True):
    files: tuple[Path, ...]
    public_port: int | None = None
    admin_port: int | None = None
    host: str | None = None
    dsn: str | None = None
    dev: bool = False
    template: Path | None = None


def loaded(options: Options, environ: Mapping[str, str]) -> Loaded:
    """The configuration to serve. Makes secrets once when none are configured. Raises ConfigError, StartError."""
    for file in options.files:
        if not file.is_file():
            raise StartError(f"the configuration {file} does not exist; check -c")
    document, origins, _ = load.gather(options.files, environ, {})
    overrides = {
        **_dev(options),
        **_store(options, document),
        **_addresses(options, document),
        **_secrets(document),
    }
    made = load.load(options.files, environ, overrides=overrides)
    missing = [origins.placed(finding) for finding in absent(document, "warning")]
    if unusable := [finding for finding in missing if finding.path.startswith(_NEEDED)]:
        raise ConfigError([replace(finding, severity="error") for finding in unusable])
    return replace(made, findings=(*made.findings, *missing))


def _dev(options: Options) -> dict[str, Any]:
    return {"dev": True, "vestibule.trusted_proxy": True} if options.dev else {}


def _store(options: Options, document: Mapping[str, Any]) -> dict[str, Any]:
    dsn = options.dsn or (None if dig(document, "dsn") else f"sqlite://{STATE}/vestibule.sqlite")
    return {"dsn": dsn} if dsn else {}


def _addresses(options: Options, document: Mapping[str, Any]) -> dict[str, Any]:
    """Hosts and ports; URLs that name this machine at a configured port move with the port."""
    overrides: dict[str, Any] = {}
    home = dig(document, "selfservice", "default_browser_return_url")
    for side, standard in _SIDES.items():
        port = options.public_port if side == "public" else options.admin_port
        host = options.host or (None if dig(document, "serve", side, "host") else LOOPBACK)
        if host:
            overrides[f"serve.{side}.host"] = host
        if port is None:
            continue
        overrides[f"serve.{side}.port"] = port
        before = dig(document, "serve", side, "port", default=standard)
        if moved := _moved(dig(document, "serve", side, "base_url"), before, port):
            overrides[f"serve.{side}.base_url"] = moved
        if side == "public" and (moved := _moved(home, before, port)):
            overrides["selfservice.default_browser_return_url"] = moved
    return overrides


def _moved(url: Any, before: Any, port: int) -> str | None:
    """The URL at another port, None when it does not name this machine at the port before."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is None or parts.hostname not in (LOOPBACK, "localhost", "::1") or parts.port != before:
            return None
    except ValueError:
        return None
    return parts._replace(netloc=f"{parts.netloc.removesuffix(f':{before}')}:{port}").geturl()


# --- secrets --------------------------------------------------------------------------------------------


def _secrets(document: Mapping[str, Any]) -> dict[str, Any]:
    configured = dig(document, "secrets", default={})
    missing: list[str] = []
    if not dig(configured, "cookie") and not dig(configured, "default"):
        missing.append("cookie")
    if not dig(configured, "cipher"):
        missing.append("cipher")
    if not missing:
        return {}
    kept = _kept_secrets(STATE / "secrets.json")
    return {f"secrets.{name}": kept[name] for name in missing}


def _kept_secrets(path: Path) -> dict[str, list[str]]:
    """The secrets of the file, made when it is missing: what they sealed must open after a restart."""
    try:
        path.parent.mkdir(exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read_secrets(path)
        made = {"cookie": [secrets.token_urlsafe(32)], "cipher": [secrets.token_hex(16)]}
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(made, file, indent=2)
    except OSError as error:
        sentence = f"cannot keep generated secrets in {path} ({error.strerror}); make the folder writable"
        raise StartError(f"{sentence} or set secrets.cookie and secrets.cipher in the configuration") from None
    return made


def _read_secrets(path: Path) -> dict[str, list[str]]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {name: [str(secret) for secret in kept[name]] for name in ("cookie", "cipher")}
    except (ValueError, KeyError, TypeError):
        sentence = f"{path} is damaged; restore it, or remove it together with the store beside it"
        raise StartError(f"{sentence}: what it sealed cannot be opened without it") from None
