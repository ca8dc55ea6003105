"""The agent on a scale set's machine: starts scoring processes in containers at the node's request.

It runs on the machine itself, as the unprivileged user of the container engine, and is reached through a Unix socket
that only the node's container has. So the node needs no engine, and the user's code neither engine nor network.
Standard library only and Python 3.10, as the machine's own Python runs it. See docs/decisions/0009.
"""
