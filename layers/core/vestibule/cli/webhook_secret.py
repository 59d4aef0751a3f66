"""`vestibule webhook-secret`: what a target verifies the `v1` signatures of web hooks with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from vestibule.adapters.secret_values import secrets
from vestibule.cli.settings import Options, StartError, loaded
from vestibule.config import references
from vestibule.config.findings import ConfigError
from vestibule.config.model import Config
from vestibule.crypto.webhook_signature import WebhookSigner
from vestibule.ports import SecretUnavailable
from vestibule.wiring import from_environment

STACK = "VESTIBULE_SECRETS"
"""Names the secret of a stack: then its `secrets.cipher` counts, as it does for the functions."""


def run(url: str, files: Sequence[Path], environ: Mapping[str, str]) -> int:
    """One secret a line, the current first; the status of the process."""
    try:
        for text in _signer(_config(files, environ), environ).secrets(url):
            click.echo(text)
    except (ConfigError, StartError, SecretUnavailable, ValueError) as error:
        click.echo(f"Error: {error}", err=True)
        return 1
    return 0


def _config(files: Sequence[Path], environ: Mapping[str, str]) -> Config:
    if STACK not in environ:
        return loaded(Options(files=tuple(files)), environ).config
    given = {"VESTIBULE_CONFIG": os.pathsep.join(str(file) for file in files)} if files else {}
    return from_environment({"DSN": "memory", **environ, **given}).config


def _signer(config: Config, environ: Mapping[str, str]) -> WebhookSigner:
    read = secrets(environ, local=STACK not in environ)
    signing = config.vestibule.webhooks.signing
    cipher = config.secrets.cipher or config.secrets.cookie
    return WebhookSigner(
        cipher, secrets=signing.secrets, keys=signing.keys, resolve=lambda text: references.filled(text, read)
    )
