"""The scoring surface: invoking an endpoint and following its jobs."""
