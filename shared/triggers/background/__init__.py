"""Functions that no caller waits for: queues, timers, the orchestration."""
