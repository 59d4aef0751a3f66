"""How a worker says that it is not done with an event."""

from __future__ import annotations


class TryLater(Exception):
    """The event is to come again after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds
