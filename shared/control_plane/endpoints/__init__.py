"""Endpoints, deployments, and the resolution of invocations."""
