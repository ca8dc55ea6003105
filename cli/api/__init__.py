"""The service's HTTP API, as the official client uses it."""
