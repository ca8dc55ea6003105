"""Deploys an endpoint: checks files, uploads assets, creates resources, and undoes all after a failure."""
