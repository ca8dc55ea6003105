"""The phases that the orchestration calls: plan, allocate, watch, merge, finish."""
