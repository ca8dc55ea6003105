"""What the app declares, read and checked."""
