"""The application: everything that runs in the Function App, testable without a Functions host."""
