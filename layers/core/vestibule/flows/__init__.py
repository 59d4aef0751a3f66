"""One file a flow: start, fetch, submit."""
