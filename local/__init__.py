"""The local stack: Azurite, the Functions host, the local scale set, the token issuer."""
