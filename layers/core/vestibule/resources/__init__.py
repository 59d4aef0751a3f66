"""Plain REST beside the flows."""
