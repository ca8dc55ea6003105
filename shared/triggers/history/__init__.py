"""The run history surface: what clients read to follow a job and its child run."""
