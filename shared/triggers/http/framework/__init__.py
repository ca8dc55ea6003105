"""What all FastAPI apps share."""
