"""The scoring process: standard library only, Python 3.7 and later, runs in the model's own environment."""
