"""Web pages of a job."""
