"""The only place that touches Azure Storage."""
