"""`bml`: Azure ML batch endpoints from the command line, over the same API as the official client."""
