"""OpenTelemetry about running jobs: one trace for each job, metrics, and logs that carry ids."""
