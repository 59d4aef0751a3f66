"""Actions when an OAuth2 server issues tokens: `vestibule.oauth2.token.hooks`."""
