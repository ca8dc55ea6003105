"""What a stack keeps in its data folder. Standard library only."""
