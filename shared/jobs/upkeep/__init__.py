"""Repair after crashes, and purge of old jobs."""
