"""Azurite, the storage emulator, run with the Node of the virtual environment."""
