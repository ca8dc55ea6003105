"""What a batch scoring job costs, against the same work in a plain loop: `python -m benchmarks`."""
