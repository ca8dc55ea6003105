"""Which service a command talks to, and with which identity."""
