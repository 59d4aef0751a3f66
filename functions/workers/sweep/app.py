"""Every few minutes: publishes again what nobody took."""

from vestibule.edge import consumer
from vestibule.workers.sweep import sweep

handler = consumer.of_schedule(sweep)
