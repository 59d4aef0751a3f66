"""Messages, nodes, forms and the container that a flow is drawn as."""
