"""Sign-in at a provider: OpenID Connect, OAuth 2, and what some make of it. Contract 03 §10."""
