"""kratos.yml as models, loading, checking, and identity schemas."""
