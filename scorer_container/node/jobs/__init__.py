"""One job on this node."""
