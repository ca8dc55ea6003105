"""The YAML files of users: read, checked, explained when wrong."""
