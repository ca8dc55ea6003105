"""Follows a job and downloads its results."""
