"""Port Deliver: the channel that the configuration chooses for a message, made when it is first needed.

| message | configured | channel |
|---|---|---|
| any | `courier.channels` has its channel's id | that HTTP gateway |
| mail | `courier.delivery_strategy: http` | `courier.http` |
| mail | `courier.smtp.connection_uri` | that relay |
| mail | nothing, on AWS, or `vestibule.courier.ses.enabled` | SES |
| text message | nothing, on AWS, or `vestibule.courier.sms.enabled` | End User Messaging, SNS |
| any | nothing | the mailbox |
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import Clock, Deliver, Web

if TYPE_CHECKING:
    from vestibule.config.courier import RequestConfig
    from vestibule.config.model import Config


class Mailbox:
    """Takes everything and sends nothing: the local server shows what there is at /mailbox."""

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        pass


class ConfiguredDelivery:
    """`local`: what no channel is configured for stays in the mailbox."""

    def __init__(self, config: Config, web: Web, clock: Clock, fetch: Callable[[str], bytes], *, local: bool) -> None:
        self._config = config
        self._web = web
        self._clock = clock
        self._fetch = fetch
        self._local = local
        self._made: dict[str, Deliver] = {}
        self._lock = Lock()

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        name = f"{message.via}:{message.channel}"
        with self._lock:
            if name not in self._made:
                self._made[name] = self._chosen(message)
        self._made[name](message, letter)

    def _chosen(self, message: CourierMessage) -> Deliver:
        courier = self._config.courier
        for channel in courier.channels:
            if channel.id == message.channel:
                return self._http(channel.request_config)
        if message.via == "sms":
            return self._sms()
        if courier.delivery_strategy == "http":
            return self._http(courier.http.request_config)
        return self._smtp() if courier.smtp.connection_uri else self._ses()

    def _uses(self, enabled: bool | None) -> bool:
        return not self._local if enabled is None else enabled

    # Each imports its library when it is chosen: a function sends through one of them, and most send nothing.

    def _http(self, settings: RequestConfig) -> Deliver:
        from vestibule.adapters.http_channel import HttpChannel  # noqa: PLC0415 (see above)
        from vestibule.adapters.jsonnet import Jsonnet  # noqa: PLC0415 (see above)

        return HttpChannel(settings, self._web, self._fetch, Jsonnet())

    def _smtp(self) -> Deliver:
        from vestibule.adapters.smtp import SmtpRelay  # noqa: PLC0415 (see above)

        allow = None
        if self._config.clients.smtp.disallow_private_ip_ranges:
            from vestibule.adapters.web_guard import is_public  # noqa: PLC0415 (see above)

            allow = is_public
        return SmtpRelay(self._config.courier.smtp, self._clock, allow=allow)

    def _ses(self) -> Deliver:
        settings = self._config.vestibule.courier.ses
        if not self._uses(settings.enabled):
            return Mailbox()
        from vestibule.adapters.aws import AwsService  # noqa: PLC0415 (see above)
        from vestibule.adapters.ses import Ses  # noqa: PLC0415 (see above)

        ses = AwsService("sesv2", settings.region)
        return Ses(self._config.courier.smtp, settings.configuration_set, ses, self._clock)

    def _sms(self) -> Deliver:
        settings = self._config.vestibule.courier.sms
        if not self._uses(settings.enabled):
            return Mailbox()
        from vestibule.adapters.aws import AwsService  # noqa: PLC0415 (see above)
        from vestibule.adapters.sms import AwsSms  # noqa: PLC0415 (see above)

        services = (AwsService(name, settings.region) for name in ("pinpoint-sms-voice-v2", "sns"))
        return AwsSms(settings, *services)
