"""Functions blueprints: HTTP, queues, timers, the orchestration and its activities."""
