"""What must stay secret or unforgeable: sealed texts, bearer tokens, CSRF tokens, the index key."""
