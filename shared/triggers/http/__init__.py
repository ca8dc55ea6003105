"""The HTTP functions: one FastAPI app for each root."""
