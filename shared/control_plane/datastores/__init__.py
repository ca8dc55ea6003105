"""Datastores, and the places that users' URIs name."""
