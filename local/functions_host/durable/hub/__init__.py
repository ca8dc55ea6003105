"""The task hub in SQLite."""
