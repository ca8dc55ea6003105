"""What every FastAPI app shares."""
