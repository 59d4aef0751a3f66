"""`vestibule.webhooks`: what goes for all web hooks."""

from pydantic import Field

from vestibule.config.values import Section, WebhookKey, WebhookSecret, empty


class WebhookSigning(Section):
    """Of what web hooks send (Standard Webhooks). All of them sign, the current first: that is how they rotate."""

    secrets: tuple[WebhookSecret, ...] = Field(default=(), repr=False)
    """For `v1`: `whsec_…`, shared with every target. None: one for each target host, made of `secrets.cipher`."""
    keys: tuple[WebhookKey, ...] = Field(default=(), repr=False)
    """For `v1a`: `whsk_…`, ed25519. None: one made of `secrets.cipher`."""


class Webhooks(Section):
    signing: WebhookSigning = empty()
