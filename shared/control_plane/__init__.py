"""Endpoints, deployments, computes and assets: created, validated, resolved, deleted."""
