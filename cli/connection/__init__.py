"""The service that a command talks to, and the caller's identity."""
