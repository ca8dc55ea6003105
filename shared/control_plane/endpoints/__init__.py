"""Endpoints, deployments, and what an invocation resolves."""
