"""The surface that turns ids of data into addresses."""
