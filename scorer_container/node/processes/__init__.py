"""Scoring processes: how they are started, what they are asked, and how they end."""
