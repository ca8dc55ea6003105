"""The scorer: a node process that owns a ticket, and the scoring processes that run the user's code."""
