"""The management API: Azure ML's own paths and bodies (DESIGN D6)."""
