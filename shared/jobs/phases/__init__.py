"""What the orchestration calls: plan, allocate, watch, merge, finish."""
