"""The verbs. Each module has one group; it parses the options and calls the code that does the work."""
