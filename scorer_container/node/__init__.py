"""The node process: storage credentials, transfers, leases and supervision of scoring processes."""
