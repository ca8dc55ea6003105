"""TLS on the loopback interface: a certificate authority of this data folder's own, trusted by nobody else."""
