"""Datastores, and where URIs of users lead."""
