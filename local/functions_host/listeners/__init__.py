"""HTTP, queues and timers that start functions."""
