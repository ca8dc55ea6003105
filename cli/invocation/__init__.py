"""Invokes an endpoint: turns input, overrides and output into the body of one request."""
