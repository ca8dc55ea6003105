"""Ports, certificates and small servers on this machine's loopback interface."""
