"""What a script or a model returns, as rows of the output."""
