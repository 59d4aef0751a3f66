"""GET and POST /self-service/methods/oidc/callback: whoever comes back from a provider they sign in at."""

from vestibule.edge.endpoint import endpoint
from vestibule.flows import oidc_callback

handler = endpoint(oidc_callback.callback)
