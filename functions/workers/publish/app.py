"""The table's stream: publishes the events that writes carried."""

from vestibule.edge import consumer
from vestibule.workers.publish import publish

handler = consumer.of_stream(publish)
