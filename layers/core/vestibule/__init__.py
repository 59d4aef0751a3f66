"""Self-service identity as serverless functions; the wire is Ory Kratos's."""
