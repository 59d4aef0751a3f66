"""Every few minutes: publishes again what nobody took."""

from vestibule.edge.schedule import of_schedule
from vestibule.workers.sweep import sweep

handler = of_schedule(sweep)
