"""Bearer tokens, and guards for what comes from outside."""
