"""A flow's life, whatever its kind: open, load, expire, draw, refuse; and the session that may come of it."""
