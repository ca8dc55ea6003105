"""The agent on a scale set's machine: starts scoring processes in containers at the node's request.

The agent runs on the machine itself, as the unprivileged user of the container engine. It listens on a Unix socket that
only the node's container has. The node therefore needs no engine, and the user's code needs neither engine nor network.
The machine's own Python runs it: standard library only, Python 3.10. See docs/decisions/0009.
"""
