"""POST /oauth2/token-hook and /oauth2/refresh-token-hook: what Ory Hydra asks before it issues tokens."""

from vestibule.edge.endpoint import endpoint
from vestibule.resources import oauth2_token

handler = endpoint(oauth2_token.serve)
