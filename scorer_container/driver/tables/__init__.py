"""Input files, read and cast to what a model's signature asks for."""
