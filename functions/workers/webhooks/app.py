"""The queue of calls: makes those that nobody waits for."""

from vestibule.edge import consumer
from vestibule.workers import webhooks

handler = consumer.of_calls(webhooks.take)
