"""A message in words."""

from __future__ import annotations

from vestibule.config.model import Config
from vestibule.domain.courier import CourierMessage, Letter

_SECRETS = ("verification_code", "recovery_code", "login_code", "registration_code")
_LINKS = ("verification_url", "recovery_url")


class Composer:
    """Port Compose."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def __call__(self, message: CourierMessage) -> Letter:
        name = self._config.vestibule.pages.name
        codes = [str(message.data[key]) for key in _SECRETS if key in message.data]
        links = [str(message.data[key]) for key in _LINKS if key in message.data]
        if message.via == "sms":
            return Letter("", f"{name}: {' '.join(codes)}")
        return Letter(f"{message.template_type}", "\n\n".join([f"Hello from {name}.", *codes, *links]))
