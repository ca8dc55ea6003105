"""The durable management API over HTTP."""
