"""Reads and checks the YAML files of users, and explains what is wrong in them."""
