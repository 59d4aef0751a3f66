"""What SES reports of a mail that it took: it bounced, or somebody complained of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.services import Services
from vestibule.stores.addresses import Feedback, noting

MESSAGE_TAG = "vestibule-message"
"""The tag that the courier gives every mail; SES repeats it."""

_RECIPIENTS = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients"}
_SENTENCES = {
    "Permanent": "The mail came back: the address does not exist or takes no mail",
    "Transient": "The mail came back: the mailbox is full or busy",
    "Undetermined": "The mail came back",
    "complaint": "The recipient complained of the mail",
}


def take(document: Mapping[str, Any], svc: Services) -> None:
    """An EventBridge event of SES. Marks the message, and the address unless it only was busy; repeats do nothing more.

    Reports of other kinds are passed over. Raises KeyError for what is no report.
    """
    report: Mapping[str, Any] = document["detail"]
    kind = str(report["eventType"]).lower()
    if kind not in _RECIPIENTS:
        return
    said: Mapping[str, Any] = report[kind]
    sort = str(said.get("bounceType", "Undetermined")) if kind == "bounce" else kind
    for message_id in report["mail"].get("tags", {}).get(MESSAGE_TAG, []):
        svc.messages.bounced(message_id, str(said["feedbackId"]), _SENTENCES.get(sort, "The mail came back"))
    if sort == "Transient":
        return
    for recipient in said[_RECIPIENTS[kind]]:
        svc.table.write(noting(svc.index, str(recipient["emailAddress"]), Feedback(kind, svc.clock.now())))
