"""The feedback queue: what SES reports of messages that were sent."""

from vestibule.edge import consumer
from vestibule.workers import feedback

handler = consumer.of_queue(feedback.take)
