"""The courier's queue: delivers a message."""

from vestibule.edge import consumer
from vestibule.workers import courier

handler = consumer.of_bus(courier.take)
