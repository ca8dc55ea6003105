"""Durable Functions for the local host: engine, task hub, client API."""
