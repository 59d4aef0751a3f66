"""Mails through Amazon SES (API v2), with a configuration set that reports bounces and complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestibule.adapters.aws import AwsRefused, AwsService, AwsUnanswered
from vestibule.adapters.mail import mime
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import ChannelUnavailable, Clock, MessageRefused

if TYPE_CHECKING:
    from vestibule.config.courier import Smtp

MESSAGE_TAG = "vestibule-message"
"""SES repeats it in what it reports of the message."""

_OF_THE_MESSAGE = frozenset({"MessageRejected", "BadRequestException", "ValidationException"})
"""Errors that another message would not meet. All others (throttled, paused, suspended) are the channel's."""


class Ses:
    """Port Deliver."""

    def __init__(self, settings: Smtp, configuration_set: str | None, ses: AwsService, clock: Clock) -> None:
        self._settings = settings
        self._configuration_set = configuration_set
        self._ses = ses
        self._clock = clock

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        mail = mime(message, letter, self._settings, at=self._clock.now())
        more = {"ConfigurationSetName": self._configuration_set} if self._configuration_set else {}
        try:
            self._ses.call(
                "send_email",
                Destination={"ToAddresses": [message.recipient]},
                Content={"Raw": {"Data": mail.as_bytes()}},
                EmailTags=[{"Name": MESSAGE_TAG, "Value": message.id}],
                **more,
            )
        except AwsRefused as refused:
            if refused.code in _OF_THE_MESSAGE:
                raise MessageRefused(f"SES answered {refused.code}") from None
            raise ChannelUnavailable(f"SES answered {refused.code}") from None
        except AwsUnanswered as unanswered:
            raise ChannelUnavailable(f"SES cannot be reached ({unanswered})") from None
