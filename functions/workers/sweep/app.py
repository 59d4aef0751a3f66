"""Every few minutes: publishes again what nobody took, and keeps the configuration's revision ready to start with."""

from vestibule.edge.schedule import of_schedule
from vestibule.workers.upkeep import upkeep

handler = of_schedule(upkeep)
