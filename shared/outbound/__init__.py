"""Where the service may go: the guard for URLs that users give."""
