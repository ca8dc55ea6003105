"""Functions blueprints: HTTP surfaces, queues, timers, orchestrators and activities."""
