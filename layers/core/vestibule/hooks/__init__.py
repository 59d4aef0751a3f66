"""Actions around a flow: one registry, one file a hook."""
