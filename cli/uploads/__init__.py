"""Files on this machine, and their transfer to and from blob storage."""
