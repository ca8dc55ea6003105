"""The local scale set. Each compute has a set of instances: scorer node processes on this machine."""
