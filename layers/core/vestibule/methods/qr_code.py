"""Pictures that phones read."""

from __future__ import annotations

_SCALE = 5
"""Pixels of one module: around 250 for a whole address, which browsers draw at 256."""


def png_data_uri(text: str) -> str:
    """The text as a QR code, as the address of an inline image."""
    # Imported here because it costs a cold start about 90 ms, and only settings without an app draw one.
    import segno  # noqa: PLC0415

    return segno.make(text, micro=False).png_data_uri(scale=_SCALE)
