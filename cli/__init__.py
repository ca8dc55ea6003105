"""The command line `bml`."""
