"""Schedules and blob triggers as resources."""
