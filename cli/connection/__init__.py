"""Where the service is and who we are."""
