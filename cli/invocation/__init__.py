"""Invoking an endpoint: input, overrides and output become the body of one request."""
