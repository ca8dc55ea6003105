"""Single values and errors: exact casts, moments, and the forms that a value takes in an output."""
