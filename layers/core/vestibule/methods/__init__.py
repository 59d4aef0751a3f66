"""Ways to prove who you are: one registry, one file a method."""
