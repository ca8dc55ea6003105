"""From a request to a job: invoke, input, reservation, start."""
