"""What the workspace signs: links to job pages, and requests to webhooks."""
