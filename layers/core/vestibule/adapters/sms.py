"""Text messages through AWS: End User Messaging (`pinpoint-sms-voice-v2`), and SNS where that one cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vestibule.adapters.aws import AwsRefused, AwsService, AwsUnanswered
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import ChannelUnavailable, MessageRefused

if TYPE_CHECKING:
    from vestibule.config.vestibule import SmsSender

_OF_THE_MESSAGE = frozenset({"ValidationException", "InvalidParameter", "InvalidParameterValue", "ConflictException"})
_NOT_SET_UP = frozenset(
    {
        "AccessDeniedException",
        "ResourceNotFoundException",
        "ServiceQuotaExceededException",
        "UnrecognizedClientException",
    }
)
"""Answers that say that this account has no number there: then SNS is asked instead."""


class AwsSms:
    """Port Deliver."""

    def __init__(self, settings: SmsSender, messaging: AwsService, sns: AwsService) -> None:
        self._settings = settings
        self._messaging = messaging
        self._sns = sns

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        try:
            self._by_messaging(message, letter)
        except AwsRefused as refused:
            if refused.code not in _NOT_SET_UP:
                raise _failure("End User Messaging", refused) from None
            _tried("SNS", lambda: self._by_sns(message, letter))
        except AwsUnanswered as unanswered:  # it may have been sent: another service must not send it again at once
            raise ChannelUnavailable(f"End User Messaging cannot be reached ({unanswered})") from None

    def _by_messaging(self, message: CourierMessage, letter: Letter) -> None:
        settings = self._settings
        chosen = {
            "OriginationIdentity": settings.origination_identity,
            "ConfigurationSetName": settings.configuration_set,
        }
        self._messaging.call(
            "send_text_message",
            DestinationPhoneNumber=message.recipient,
            MessageBody=letter.plain,
            MessageType="TRANSACTIONAL",
            Context={"message": message.id},
            **{name: value for name, value in chosen.items() if value},
        )

    def _by_sns(self, message: CourierMessage, letter: Letter) -> None:
        kind = {"DataType": "String", "StringValue": "Transactional"}
        attributes = {"AWS.SNS.SMS.SMSType": kind}
        self._sns.call("publish", PhoneNumber=message.recipient, Message=letter.plain, MessageAttributes=attributes)


def _tried(service: str, send: Callable[[], None]) -> None:
    try:
        send()
    except AwsRefused as refused:
        raise _failure(service, refused) from None
    except AwsUnanswered as unanswered:
        raise ChannelUnavailable(f"{service} cannot be reached ({unanswered})") from None


def _failure(service: str, refused: AwsRefused) -> ChannelUnavailable | MessageRefused:
    kind = MessageRefused if refused.code in _OF_THE_MESSAGE else ChannelUnavailable
    return kind(f"{service} answered {refused.code}")
