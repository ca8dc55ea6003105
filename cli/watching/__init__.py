"""Following a job and fetching its results."""
