"""Functions without a waiting caller: queues, timers, the orchestration."""
