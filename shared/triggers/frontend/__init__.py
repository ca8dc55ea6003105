"""The surface that lists the jobs of endpoints and deployments for the official client."""
