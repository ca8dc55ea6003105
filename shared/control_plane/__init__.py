"""Endpoints, deployments, computes and assets: how they are created, validated, resolved and deleted."""
