"""What is told about running jobs, by OpenTelemetry: one trace for each job, metrics, and logs that carry ids."""
