"""The vestibule command."""
