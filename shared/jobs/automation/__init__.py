"""Jobs that start by the clock or by a new blob."""
