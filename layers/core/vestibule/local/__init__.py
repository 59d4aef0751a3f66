"""The template-driven local gateway."""
