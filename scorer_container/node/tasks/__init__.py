"""The way of a task through the node: received, fetched, scored, uploaded, acknowledged."""
