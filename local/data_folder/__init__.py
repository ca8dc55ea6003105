"""The content of a stack's data folder. Standard library only."""
