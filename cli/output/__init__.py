"""How `bml` shows results, progress and errors."""
