"""Deploying an endpoint: local checks, assets, resources, and undoing after a failure."""
