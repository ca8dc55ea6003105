"""The management API: routes of one workspace."""
