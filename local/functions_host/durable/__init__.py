"""The durable engine of the local Functions host."""
