"""Local files on their way to blob storage."""
