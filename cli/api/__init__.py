"""The HTTP API of the service, and its answers as users see them."""
